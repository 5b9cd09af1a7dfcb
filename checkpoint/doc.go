// Package checkpoint keeps a training run on disk: it loses nothing when the
// process, the machine or the disk gives up, and it trusts no file it reads.
//
// # A run is a folder
//
//	config.json                  what is trained and how; a folder with this file is a run
//	model.safetensors            the best weights by validation, else the last
//	tokenizer.json               token ids
//	metrics.jsonl                one JSON object a line, only ever appended to
//	README.md                    the model card
//	state/000001200.safetensors  everything needed to go on from step 1200
//	lock                         held by the process that trains; its content is the process id
//
// [Create] begins a run, [Open] goes on with one; both lock the folder until
// [Run.Close] or the death of the process. [OpenRead] reads without the lock.
//
// # What is promised
//
//   - A file is written under a temporary name in the same folder, fsynced and
//     renamed, and the folder is fsynced: at any instant a name stands for the old
//     or the new content, whole. Temporary files of killed writers are removed by
//     the next Open.
//   - A state is one file, so a checkpoint is one rename. The metrics of before are
//     on disk when a state is. An older state is removed after the newer is on disk.
//   - Header and data of what is written here carry CRC-32C checksums; a damaged
//     state is passed over, in words, for the one before.
//   - Reading allocates at most 2 bytes for each byte of data and 8 for each byte
//     of the header, which has 8 MiB at most, plus 1 MiB.
//   - Nothing outside the folder is opened (os.Root), nothing but regular files is
//     read, nothing is executed.
//
// A processor or a disk that lies about fsync is beyond this.
package checkpoint
