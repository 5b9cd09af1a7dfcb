package main

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/errors.golden anew")

// wrong are command lines that must fail. What each says is in testdata/errors.golden, to be read as
// a whole: is it one line, does it say what is wrong and what to do?
var wrong = []string{
	"",
	"trian",
	"train",
	"train lmm text.txt",
	"train lm",
	"train lm text.txt more.txt",
	"train lm text.txt --hiden 3",
	"train lm text.txt --hidden",
	"train lm text.txt --hidden -3",
	"train lm text.txt --hidden abc",
	"train lm text.txt --hidden 100000",
	"train lm text.txt --layers 0",
	"train lm text.txt --embed -1",
	"train lm text.txt --tied --embed 7",
	"train lm text.txt --arch transformer",
	"train lm text.txt --context 5",
	"train lm text.txt --arch gru --context 5",
	"train lm text.txt --arch window --context 0",
	"train lm text.txt --arch window --context 1025",
	"train lm text.txt --arch window --context 1000 --embed 1000 --hidden 4 --steps 1",
	"train lm text.txt --arch lstm --direct",
	"train lm text.txt --arch window --direct --tied",
	"train lm text.txt --arch window --embed 0",
	"train lm text.txt --arch window --tied --embed 7 --hidden 8 --steps 1",
	"train lm text.txt --dropout-in 0.2",
	"train lm text.txt --dropout-in 1 --embed 8",
	"train lm text.txt --variational --hidden 4 --steps 1",
	"train lm text.txt --variational --dropout 0 --hidden 4 --steps 1",
	"train lm text.txt --tied --embed 0",
	"train lm text.txt --hidden 4 --layers 65",
	"train lm text.txt --embed 65537",
	"train lm text.txt --batch -1",
	"train lm text.txt --batch 4294967296 --time 4294967296",
	"train lm text.txt --time 65537",
	"train lm text.txt --batch 65536 --time 65536 --hidden 4 --layers 1 --shards 1 --steps 1",
	"train lm text.txt --time 0",
	"train lm text.txt --steps 0",
	"train lm text.txt --epochs -1",
	"train lm text.txt --budget -5s",
	"train lm text.txt --budget 5",
	"train lm text.txt --dropout 1",
	"train lm text.txt --dropout-out nan",
	"train lm text.txt --lr 0",
	"train lm text.txt --lr fast",
	"train lm text.txt --momentum 1",
	"train lm text.txt --momentum 0",
	"train lm text.txt --momentum 0.5 --optimizer rmsprop",
	"train lm text.txt --beta2 0.5 --optimizer sgd",
	"train lm text.txt --beta2 0 --optimizer rmsprop",
	"train lm text.txt --clip -1",
	"train lm text.txt --seed -1",
	"train lm text.txt --tokens syllable",
	"train lm text.txt --tokens word --vocab 0",
	"train lm text.txt --tokens bpe --vocab 100",
	"train lm text.txt --tokens word --min-count 0",
	"train lm text.txt --tokens word --split lines",
	"train lm text.txt --min-count 2",
	"train lm text.txt --tokens bpe --lower",
	"train lm text.txt --from model --lower",
	"train lm text.txt --from model --lines",
	"train lm text.txt --ext txt",
	"train lm folder/empty",
	"train lm folder --ext md",
	"train lm word.txt --tokens word --split space",
	"train lm text.txt --tokens word --valid word.txt",
	"train lm blank.txt --lines",
	"train lm text.txt --field text",
	"train lm objects.jsonl --field name",
	"train lm objects.jsonl --field number",
	"train lm text.txt.gz",
	"train lm text.txt --cache text.txt/cache --steps 1",
	"train lm text.txt --optimizer adan",
	"train lm text.txt --schedule linear",
	"train lm text.txt --schedule-factor 0.9",
	"train lm text.txt --schedule step --schedule-factor 1",
	"train lm text.txt --schedule plateau --schedule-after 4",
	"train lm text.txt --schedule step --schedule-after 0",
	"train lm text.txt --schedule step --schedule-patience 2",
	"train lm text.txt --schedule plateau --schedule-patience 0",
	"train lm text.txt --schedule plateau --valid 0",
	"train lm text.txt --patience 0",
	"train lm text.txt --patience 5 --validations 5",
	"train lm text.txt --patience 5 --valid 0",
	"train lm text.txt --average 1",
	"train lm text.txt --average 0",
	"train lm text.txt --average 0.99 --valid 0.0",
	"train lm text.txt --accumulate 0",
	"train lm text.txt --accumulate 65537",
	"train lm text.txt --accumulate 170 --batch 4 --time 16 --shards 1 --hidden 4 --steps 1",
	"train lm text.txt --momentum 0.5 --optimizer adagrad",
	"train lm text.txt --beta2 0.5 --optimizer adagrad",
	"train lm text.txt --output fast",
	"train lm text.txt --output classes --classes 100000",
	"train lm text.txt --output tree --tied",
	"train lm text.txt --output adaptive --cutoffs 3,2",
	"train lm text.txt --output adaptive --cutoffs 99999",
	"train lm text.txt --output adaptive --cutoffs 3.5",
	"train lm text.txt --output adaptive --div-value 0.5",
	"train lm text.txt --cutoffs 5",
	"train lm text.txt --output adaptive --tied --div-value 4",
	"train lm text.txt --output adaptive --tied --head-bias",
	"train lm text.txt --output nce --log-z 51",
	"train lm text.txt --output nce --power 5",
	"train lm text.txt --output negative --log-z 1",
	"train lm text.txt --output sampled --noise loguniform --power 0.5",
	"train lm text.txt --output nce --power 0",
	"train lm text.txt --output ove --samples 0",
	"train lm text.txt --scheduled-sampling sometimes",
	"train lm text.txt --sampling-share 0.5",
	"train lm text.txt --sampling-from 0.5",
	"train lm text.txt --sampling-to 0.5",
	"train lm text.txt --scheduled-sampling linear --sampling-share 0",
	"train lm text.txt --scheduled-sampling linear --sampling-share 2",
	"train lm text.txt --scheduled-sampling exponential --sampling-share 1",
	"train lm text.txt --scheduled-sampling inverse-sigmoid --sampling-share 0.005",
	"train lm text.txt --scheduled-sampling linear --sampling-from 0.5 --sampling-to 0.4",
	"train lm text.txt --scheduled-sampling linear --time 1 --steps 1 --hidden 4",
	"train lm text.txt --precision float16",
	"train lm text.txt --shards 0",
	"train lm text.txt --shards 5 --batch 4 --steps 1",
	"train lm text.txt --shards 1025",
	"train lm text.txt --validations 0",
	"train lm text.txt --validations 100001",
	"train lm text.txt --checkpoint-every -1",
	"train lm text.txt --keep 0",
	"train lm text.txt --valid 1.5",
	"train lm text.txt --valid none.txt",
	"train lm text.txt --memory lots",
	"train lm text.txt --threads -1",
	"INKLING_HIDDEN=0 train lm text.txt",
	"INKLING_LAYERS=two train lm text.txt",
	"INKLING_ISA=mmx version",

	"train lm empty.txt",
	"train lm one.txt",
	"train lm two.txt --steps 1",
	"train lm binary",
	"train lm latin1.txt",
	"train lm utf16.txt",
	"train lm folder",
	"train lm none.txt",
	"train lm text.txt --valid one.txt --steps 1",
	"train lm text.txt --batch 100 --time 1000 --steps 1",
	"train lm text.txt --memory 50KB",
	"train lm text.txt --memory 2MB --hidden 512 --layers 2 --batch 8 --time 20 --shards 1 --steps 1",
	"train lm text.txt --steps 1 --hidden 4 --out text.txt/run",
	"train lm text.txt --steps 1 --hidden 4 --out folder",
	"train lm text.txt --steps 1 --hidden 4 --out model",

	"train lm text.txt --from none",
	"train lm text.txt --from folder",
	"train lm text.txt --from untrained",
	"train lm text.txt --from garbage",
	"train lm text.txt --from model --hidden 8",
	"train lm text.txt --from model --layers 2",
	"train lm text.txt --from model --embed 8",
	"train lm text.txt --from model --tied",
	"train lm text.txt --from model --arch gru",
	"train lm text.txt --from model --context 5",
	"train lm text.txt --from model --direct",
	"train lm text.txt --from model --norm",
	"train lm text.txt --from model --dropout-in 0.1",
	"train lm text.txt --from model --tokens byte",
	"train lm text.txt --from model --steps 1 --out model",

	"train vae none --aggressive --objective ae",
	"compare em",
	"compare em none",
	"compare em text.txt",
	"compare em none --limit 1",
	"compare em none --held 0",
	"compare em none --e-steps 0",
	"compare em none --steps 0",
	"compare em none --budget -3s",
	"compare em none --budget 3s --steps 5",
	"compare em none --lr 0",
	"compare em none --hidden 20,",
	"compare em none --hidden 20/20",
	"compare em none --picture em.gif",

	"resume none",
	"resume folder",
	"resume moved",
	"resume begun other.txt",
	"resume begun other.txt --cache kept",
	"resume begun one.txt",
	"resume begun empty.txt",
	"resume begun text.txt.gz",
	"resume model --hidden 3",
	"resume newer",
	"resume shards",
	"resume words",
	"resume split",
	"resume othertoken",

	"eval model",
	"eval model none.txt",
	"eval model empty.txt",
	"eval none text.txt",
	"eval folder text.txt",
	"eval garbage text.txt",
	"eval untrained text.txt",
	"eval unnamed text.txt",
	"eval huge text.txt",
	"eval notoken text.txt",
	"eval cut text.txt",
	"eval text.txt text.txt",
	"eval model text.txt --lines",
	"eval model text.txt --prompts 5",
	"eval model text.txt --judge model",
	"eval model text.txt --exposure --prompts 1",
	"eval model text.txt --exposure --length 3",
	"eval model text.txt --exposure --decoders best",
	"eval model text.txt --exposure --decoders greedy:3",
	"eval model text.txt --exposure --decoders beam",
	"eval model text.txt --exposure --decoders top-p:2",
	"eval model text.txt --exposure --decoders greedy,greedy",
	"eval model text.txt --exposure --prompt-tokens 60000",
	"eval model text.txt --exposure --judge none",
	"eval model text.txt --exposure --bound ais",
	"eval model text.txt --exposure --output svd:4,10",
	"eval vae text.txt --exposure",
	"eval model text.txt --bound ais",
	"eval model text.txt --limit 5",
	"eval model folder --ext md",

	"generate none",
	"generate untrained",
	"generate model --temp 0",
	"generate model --temp -1",
	"generate model --top-k 0",
	"generate model --top-p 0",
	"generate model --top-p 2",
	"generate model --min-p 2",
	"generate model --repeat-penalty 0",
	"generate model --repeat-last 0",
	"generate model --typical 0",
	"generate model --typical 2",
	"generate model --mirostat 0",
	"generate model --mirostat -3",
	"generate model --mirostat 3 --top-k 40",
	"generate model --mirostat 3 --top-p 0.9",
	"generate model --mirostat-rate 0.1",
	"generate model --mirostat 3 --mirostat-rate 2",
	"generate model --frequency-penalty nan",
	"generate model --presence-penalty 1e9",
	"generate model --no-repeat-ngram 0",
	"generate model --logit-bias e",
	"generate model --logit-bias e=lots",
	"generate model --logit-bias e=inf",
	"generate model --logit-bias the=1",
	"generate model --logit-bias Ω=1",
	"generate model --logit-bias #1000=1",
	"generate model --logit-bias e=1 --logit-bias e=2",
	"generate model --samplers top_q",
	"generate model --samplers top_k;top_k",
	"generate model --samplers temperature;top_k --top-p 0.5",
	"generate model --samplers=",
	"generate model --decoder beam --typical 0.5",
	"generate model -n 0",
	"generate model -n 1000000000000",
	"generate model --max-tokens 0",
	"generate model --stop=",
	`generate model --stop \q`,
	"generate model --decoder best",
	"generate model --beam 4",
	"generate model --decoder greedy --nodes 9",
	"generate model --decoder exact --groups 2 --diversity 1",
	"generate model --decoder bestfirst --keep-greedy",
	"generate model --decoder exact --length-penalty 1",
	"generate model --decoder beam --temp 1",
	"generate model --decoder beam --seed 1",
	"generate model --decoder beam --beam 0",
	"generate model --decoder beam --beam 1000000000000",
	"generate model --decoder beam --groups 0",
	"generate model --decoder beam --groups 2",
	"generate model --decoder beam --groups 3 --diversity 1",
	"generate model --decoder beam --diversity 1",
	"generate model --decoder beam --groups 2 --diversity -1",
	"generate model --decoder beam --length-penalty -1",
	"generate model --decoder beam --length-norm gnmt",
	"generate model --decoder beam --length-norm long --length-penalty 1",
	"generate model --decoder exact --nodes 0",
	"generate model --decoder viterbi",
	"generate model --decoder viterbi --states 0",
	"generate model --decoder viterbi --beam 3",
	"generate model --decoder astar --states 3",
	"generate model --decoder astar --heuristic best",
	"generate model --decoder astar --heuristic relaxed",
	"generate model --decoder exact --heuristic zero",
	"generate model --decoder viterbi",
	"generate model --decoder greedy --temp 1",
	"generate model --decoder greedy --seed 1",
	"generate model --decoder greedy -n 2",
	"generate model --promt x",
	"generate model --regex (a",
	"generate model --regex \\bcat\\b",
	"generate model --regex (a|b)*a(a|b){30}",
	"generate model --regex (a{1,1000}){1000}",
	"generate model --regex é",
	"generate model --regex [A-Z]{600}",
	"generate model --require cat --forbid cat",
	"generate model --require two-words",
	"generate model --forbid 'tis",
	"generate model --exact-length 0",
	"generate model --exact-length 501",
	"generate model --lexicon none.txt",
	"generate model --lexicon blank.txt",
	"generate model --lexicon latin1.txt",
	"generate model --grammar none.gbnf",
	"generate model --grammar folder",
	"generate model --grammar empty.txt",
	"generate model --grammar word.txt",
	"generate model --grammar left.gbnf",
	"generate model --grammar endless.gbnf",
	"generate model --grammar undefined.gbnf",
	"generate model --grammar unspelled.gbnf",
	"generate model --grammar left.gbnf --regex a",
	"generate model --output full",
	"generate model --output svd:4",
	"generate model --output svd:17,3",
	"eval model text.txt --output svd:0,3",
	"eval model text.txt --output svd:4,100000",

	"score",
	"score none",
	"score untrained text.txt",
	"score model none.txt",
	"score model folder",
	"score model text.txt other.txt",
	"score model long.txt",
	"score model text.txt --above",
	"score model text.txt --above much",
	"score model text.txt --above -1",
	"score model text.txt --above nan",
	"score model text.txt --above inf",
	"score model text.txt --per-char",
	"score model text.txt --token",

	"train vae",
	"train vae none",
	"train vae folder/empty",
	"train vae text.txt --as pictures",
	"train vae empty.txt",
	"train vae uneven",
	"train vae nan.npy",
	"train vae cut.npy",
	"train vae tests",
	"train vae bars.npy --valid 1",
	"train vae bars.npy --valid half",
	"train vae bars.npy --limit -1",
	"train vae bars.npy --binarize often",
	"train vae bars.npy --latent 0",
	"train vae bars.npy --latent 65537",
	"train vae bars.npy --latent few",
	"train vae bars.npy --latent 4,3,2",
	"train vae bars.npy --hidden nonsense",
	"train vae bars.npy --hidden 8,",
	"train vae bars.npy --hidden 0",
	"train vae bars.npy --hidden 8/8",
	"train vae bars.npy --latent 4,3 --hidden 8",
	"train vae bars.npy --hidden 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",
	"train vae bars.npy --net sparse",
	"train vae bars.npy --activation sign",
	"train vae bars.npy --likelihood poisson",
	"train vae bars.npy --levels 1",
	"train vae bars.npy --levels 16",
	"train vae bars.npy --likelihood gaussian --levels 16",
	"train vae bars.npy --likelihood logistic --levels 1",
	"train vae bars.npy --likelihood categorical --levels 257",
	"train vae bars.npy --net conv --hidden 8",
	"train vae bars.npy --net conv --hidden none",
	"train vae bars.npy --hidden none,8",
	"train vae bars.npy --objective gan",
	"train vae bars.npy --objective iwae --k 0",
	"train vae bars.npy --objective score --k 1",
	"train vae bars.npy --objective iwae --beta 2",
	"train vae bars.npy --objective ae --anneal linear",
	"train vae bars.npy --beta 0",
	"train vae bars.npy --beta -1",
	"train vae bars.npy --beta nan",
	"train vae bars.npy --free-bits 0",
	"train vae bars.npy --free-bits -1",
	"train vae bars.npy --anneal sometimes",
	"train vae bars.npy --warm 0 --anneal linear",
	"train vae bars.npy --warm 5",
	"train vae bars.npy --k 4096 --objective iwae --batch 65536",
	"train vae bars.npy --batch 0",
	"train vae bars.npy --steps 0",
	"train vae bars.npy --patience 3 --valid 0",
	"train vae bars.npy --memory 1MB --steps 1",
	"train vae bars.npy --hidden 65536,65536 --steps 1 --memory 1GB",
	"train vae bars.npy --steps 1 --out vae",
	"train vae bars.npy --steps 1 --out text.txt/run",
	"train vae bars.npy --word-dropout 0.2",
	"train vae bars.npy --tokens word",
	"train vae bars.npy --min-count 2",
	"train vae bars.npy --samples 2",
	"train vae bars.npy --as sentences",
	"train vae none.txt",
	"train vae text.txt --gray",
	"train vae text.txt --likelihood gaussian",
	"train vae text.txt --limit 3",
	"train vae text.txt --latent 3,2",
	"train vae text.txt --hidden 8,8",
	"train vae text.txt --hidden 0",
	"train vae text.txt --embed 0",
	"train vae text.txt --cell rnn",
	"train vae text.txt --word-dropout 1",
	"train vae text.txt --dropout-in -1",
	"train vae text.txt --longest 0",
	"train vae text.txt --longest 1 --steps 1",
	"train vae text.txt --tokens char --vocab 9",
	"train vae text.txt --output none",
	"train vae text.txt --output full --samples 3 --steps 1",
	"train vae text.txt --valid 1.5",
	"train vae text.txt --valid none.txt",
	"train vae text.txt --aggressive --valid 0",
	"train vae text.txt --free-bits 0",
	"train vae text.txt --memory 1MB --steps 1",
	"sample vae --decoder beam",
	"reconstruct vae bars.npy --top-k 3",
	"interpolate vae bars.npy --max-tokens 3",
	"interpolate vae",
	"interpolate vae bars.npy --from some",
	"eval vae bars.npy --against model",
	"eval model text.txt --against model",
	"sample said --out x.png",
	"sample said --decoder greedy --token-temp 2",
	"sample said --token-temp 0",
	"sample said --decoder viterbi",
	"sample said --beam 3",
	"sample said --max-tokens 0",
	"reconstruct said none.txt",
	"reconstruct said empty.txt",
	"reconstruct said text.txt --seed 3",
	"reconstruct said text.txt --part test",
	"interpolate said",
	"interpolate said text.txt --from a --to b",
	"interpolate said --from a --to b --steps 1",
	"encode said text.txt --part test",
	"encode said text.txt --out z.txt",
	"score said text.txt --above 3",
	"score said text.txt --part test",
	"score said text.txt --samples 0",
	"eval said text.txt --bound ais",
	"eval said text.txt --chains 3",
	"eval said text.txt --gaps --bound iwae:5",
	"eval said text.txt --against model",
	"eval said text.txt --against none",
	"eval said bars.npy",
	"eval said text.txt --output svd",
	"eval said text.txt --memory 1MB",
	"generate said",
	"manifold said",
	"resume said-cut",
	"info said-wide",

	"train vae objects.jsonl",
	"train vae objects.jsonl --field name",
	"train vae objects.jsonl --field number",
	"train vae empty.txt --as documents",
	"train vae blank.txt --as documents",
	"train vae binary --as documents",
	"train vae latin1.txt --as documents",
	"train vae utf16.txt --as documents",
	"train vae folder/empty --as documents",
	"train vae folder --as documents",
	"train vae none --as documents",
	"train vae - --as documents",
	"train vae numbers.txt --as documents",
	"train vae same.txt --as documents",
	"train vae same.txt --as documents --max-share 1 --vocab 1",
	"train vae word.txt --as documents --max-share 1 --min-count 1",
	"train vae text.txt --as documents --min-count 1000000",
	"train vae minus.svm --as documents --bags",
	"train vae text.txt --as documents --bags",
	"train vae text.txt --as poems",
	"train vae text.txt --as documents --max-share 0",
	"train vae text.txt --as documents --max-share 1.5",
	"train vae text.txt --as documents --min-count 0",
	"train vae text.txt --as documents --vocab 0",
	"train vae text.txt --as documents --input tf-idf",
	"train vae text.txt --as documents --output fast",
	"train vae text.txt --as documents --hidden none",
	"train vae text.txt --as documents --decoder-hidden 0",
	"train vae text.txt --as documents --gray",
	"train vae text.txt --as documents --likelihood gaussian",
	"train vae text.txt --as documents --net conv",
	"train vae text.txt --as documents --objective iwae --output nce",
	"train vae text.txt --as documents --cutoffs 5",
	"train vae text.txt --as documents --valid 0 --patience 3",
	"train vae text.txt --as documents --memory 1MB --steps 1",
	"train vae bars.npy --field text",
	"train vae bars.npy --output full",
	"train vae bars.npy --max-share 0.3",
	"eval documents none",
	"eval documents numbers.txt",
	"eval documents empty.txt",
	"eval documents other.txt --gaps",
	"eval documents other.txt --chains 4",
	"eval documents other.txt --cache c",
	"score documents",
	"score documents numbers.txt",
	"score documents other.txt --above 3",
	"score documents other.txt --part test",
	"score documents other.txt --samples 0",
	"sample documents -n 0",
	"sample documents --out words.png",
	"sample documents --columns 3",
	"sample vae --words 3",
	"reconstruct documents other.txt --draw",
	"reconstruct documents other.txt --words 0",
	"encode documents other.txt --out codes.png",
	"interpolate documents other.txt --to 100000",
	"manifold documents",
	"generate documents",
	"topics documents -n 1",
	"topics vae",
	"topics model",
	"topics none",
	"nearest documents",
	"nearest documents numbers.txt",
	"nearest documents none",
	"nearest documents folder",
	"nearest documents other.txt -k 0",
	"nearest vae other.txt",
	"resume documents-cut",
	"info documents-cut",
	"eval documents-words other.txt",
	"resume vae-stopped other.npy",
	"resume vae-stopped none",
	"resume vae-moved",
	"resume vae-newer",
	"info vae-wide",
	"info vae-unread",
	"sample",
	"sample none",
	"sample model",
	"sample vectors",
	"sample vae-untrained",
	"sample vae -n 0",
	"sample vae -n 10001",
	"sample vae --temp -1",
	"sample vae --temp nan",
	"sample vae --columns -1",
	"sample vae --out samples.jpg",
	"sample vae --out samples",
	"sample vae --out none/samples.png",
	"sample vae --out text.txt/samples.npy",
	"sample vae --memory 1MB",
	"reconstruct vae",
	"reconstruct vae none",
	"reconstruct vae text.txt",
	"reconstruct vae wide.npy",
	"reconstruct vae nan.npy",
	"reconstruct vae bars.npy --part test",
	"reconstruct vae bars.npy -n 0",
	"reconstruct vae bars.npy --seed 3",
	"reconstruct vae bars.npy --out r.gif",
	"reconstruct model bars.npy",
	"encode vae wide.npy",
	"encode vae bars.npy --out z.txt",
	"encode vae bars.npy --limit -1",
	"encode model bars.npy",
	"interpolate vae bars.npy --from -1",
	"interpolate vae bars.npy --to 200",
	"interpolate vae bars.npy --steps 1",
	"interpolate model bars.npy",
	"manifold vae --dims 1,2,3",
	"manifold vae --dims 0",
	"manifold vae --dims 1,4",
	"manifold vae --dims 2,2",
	"manifold vae --dims a",
	"manifold vae --size 0",
	"manifold vae --size 500",
	"manifold vae --at bars.npy",
	"manifold vae --at bars.npy:200",
	"manifold vae-moved",
	"manifold model",
	"score vae",
	"score vae none",
	"score vae wide.npy",
	"score vae bars.npy --samples 0",
	"score vae bars.npy --above 3",
	"score model text.txt --samples 5",
	"generate vae",
	"eval vae text.txt",
	"nn vae light",
	"train lm text.txt --from vae",

	"train vae none.csv",
	"train vae empty.csv",
	"train vae header.csv",
	"train vae ragged.csv",
	"train vae twice.csv",
	"train vae infinite.csv",
	"train vae text.txt --as tables",
	"train vae folder --as tables",
	"train vae - --as tables",
	"train vae t.csv --net conv",
	"train vae t.csv --likelihood gaussian",
	"train vae t.csv --gray",
	"train vae t.csv --latent 3,2",
	"train vae t.csv --latent 0",
	"train vae t.csv --hidden 8/8",
	"train vae t.csv --components 0",
	"train vae t.csv --objective ae",
	"train vae t.csv --output fast",
	"train vae t.csv --schema none",
	"train vae t.csv --schema text.txt",
	"train vae t.csv --schema wrong.json",
	"train vae t.csv --schema other.json",
	"train vae t.csv --valid 1",
	"train vae t.csv --memory 1MB",
	"train vae bars.npy --schema wrong.json",
	"train vae bars.npy --components 2",
	"score table none.csv",
	"score table few.csv",
	"score table ragged.csv",
	"score table t.csv --samples 0",
	"score table t.csv --threshold 0.42",
	"score table t.csv --above 3",
	"score model text.txt --anomalies",
	"score vae bars.npy --top 2",
	"sample table --out t.png",
	"sample table --columns 3",
	"sample table -n 0",
	"eval table few.csv",
	"eval table t.csv --bound ais",
	"eval table t.csv --gaps",
	"encode table t.csv --part test",
	"interpolate table t.csv --to 5000",
	"reconstruct table t.csv --seed 3",
	"manifold table",
	"report",
	"report none t.csv t.csv",
	"report model t.csv t.csv",
	"report vae t.csv t.csv",
	"report table t.csv none.csv",
	"report table t.csv t.csv --target price",
	"report table t.csv t.csv --target colour",
	"report table t.csv t.csv --out report.pdf",
	"generate table",
	"compare gradients --run table",

	"info none",
	"info folder",
	"info newer",
	"info unnamed",
	"info outside",
	"info --plan",
	"generate model --memory 1MB",
	"eval model text.txt --memory 1MB",
	"score model text.txt --memory 1MB",
	"resume begun --memory 1MB",
	"demo --budget 0s",

	"list none",
	"list text.txt",
	"list model other",
	"rm",
	"rm model",
	"rm none --yes",
	"rm model none --yes",
	"rm text.txt --yes",
	"rm folder --yes",
	"rm garbage --yes",
	"rm foreign --yes",
	"rm untrained --states --yes",
	"data",
	"data list mnist",
	"data get",
	"data get mnits",
	"data path",
	"data path mnits",

	"bench speed",
	"bench matmul --m 3",
	"bench matmul --m -3",
	"bench matmul --form tn --packed",
	"bench matmul --m 10000000 --n 100000 --k 1000",
	"bench matmul --m 10000000000 --n 1 --k 1",
	"bench lstm-train --hidden 65536 --layers 64 --batch 1 --time 1 --shards 1",
	"bench lstm-generate --vocab 1048576 --hidden 65536",
	"bench lstm-train --vocab 10000000000",
	"bench wordlm-train --vocab 1048576 --hidden 65536",
	"bench wordlm-train --output fast",
	"bench lstm-train --batch 65536 --time 65536 --shards 1",
	"bench --repeat 0",
	"bench lstm-train --shards 5 --batch 4",
	"bench lstm-train --hidden 0",
	"compare",
	"compare decoders",
	"compare decoders model",
	"compare decoders none text.txt",
	"compare decoders model none.txt",
	"compare decoders model text.txt -n 0",
	"compare decoders model text.txt --read 0",
	"compare decoders model text.txt --read 1000000",
	"compare decoders model text.txt --max-tokens 0",
	"compare decoders model text.txt --nodes 0",
	"compare decoders model text.txt --time 0s",
	"compare decoders model text.txt --time 10",
	"compare decoders model text.txt --beams 4,0",
	"compare decoders model text.txt --decoders fast",
	"compare decoders model text.txt --decoders beam,viterbi",
	"compare decoders model text.txt --lines",
	"compare decoders model text.txt --picture of.gif",
	"compare gradients",
	"compare gradients none",
	"compare gradients --run none",
	"compare gradients --run model",
	"compare gradients --run model --latent 3",
	"compare gradients folder --k 1",
	"compare gradients folder --pairs 1",
	"compare gradients folder --picture of.gif",
	"train vae folder --objective score --k 1",
	"train vae folder --objective dreg --beta 2",
	"version now",
}

func TestErrors(t *testing.T) {
	f := wrongFolder(t)
	before := f.snapshot()
	var got strings.Builder
	for _, line := range wrong {
		args := strings.Fields(line)
		f.env = nil
		if len(args) > 0 && strings.HasPrefix(args[0], "INKLING_") {
			f.env, args = args[:1], args[1:]
		}
		r := f.run(args...)
		if r.out != "" {
			t.Errorf("inkling %s: on standard output %q", line, r.out)
		}
		var said []string
		for l := range strings.Lines(r.err) {
			if strings.HasPrefix(l, "inkling: ") {
				said = append(said, l)
			}
		}
		if len(said) != 1 || !strings.HasSuffix(r.err, said[0]) {
			t.Errorf("inkling %s: an error is one line, the last:\n%s", line, r.err)
			continue
		}
		if r.code != codeUsage && r.code != codeInput && r.code != codeIO {
			t.Errorf("inkling %s: exit code %d", line, r.code)
		}
		fmt.Fprintf(&got, "$ inkling %s\n%d %s\n", line, r.code, f.anywhere(said[0]))
		if after := f.snapshot(); after != before {
			t.Fatalf("inkling %s changed what was there:\n%s\nis now\n%s", line, before, after)
		}
	}
	golden := filepath.Join("testdata", "errors.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("not what %s says (go test -update writes it anew):\n%s", golden, difference(string(want), got.String()))
	}
}

// wrongFolder is a folder full of things that are not right.
func wrongFolder(t *testing.T) *folder {
	f := trainedFolder(t)
	f.write("empty.txt", "")
	f.write("one.txt", "é")
	f.write("long.txt", strings.Repeat("x", longestLine+1)+"\nthe rest")
	f.write("two.txt", "ab")
	f.write("binary", strings.Repeat("\x7fELF\x00\x01\x02\x00", 500))
	f.write("latin1.txt", strings.Repeat("\xe9\xe8 \xfc", 500))
	f.write("utf16.txt", "\xff\xfea\x00b\x00")
	f.write("other.txt", sampleText(12_000, 9))
	f.mkdir("folder")
	f.mkdir("folder/empty")
	f.write("folder/notes.text", "mine")
	f.write("word.txt", "oneword")
	f.write("blank.txt", "\n\n\r\n")
	f.write("objects.jsonl", `{"text": "an object", "number": 1}`+"\n")
	f.write("text.txt.gz", "\x1f\x8b\x08 and no more of gzip")
	f.write("left.gbnf", "root ::= sum\nsum ::= sum \"+\" sum | [0-9]\n")
	f.write("endless.gbnf", "root ::= \"a\" root\n")
	f.write("undefined.gbnf", "root ::= \"a\" | rest\n")
	f.write("unspelled.gbnf", "root ::= \"{\" root? \"}\"\n")

	f.write("numbers.txt", "1 2 3\n4.5 6\n")
	f.write("same.txt", "a word a word\na word\n")
	f.write("minus.svm", "a:1 b:2\na:1 b:-2\n")
	f.must("train", "vae", "text.txt", "--as", "documents", "--latent", "2", "--hidden", "4", "--steps", "2", "--batch", "8", "--out", "documents")
	f.copy("documents", "documents-cut")
	f.remove("documents-cut/words.tsv")
	f.copy("documents", "documents-words")
	f.write("documents-words/words.tsv", "the\t3\t4\n")

	config := string(f.read("model/config.json"))
	edited := func(dir, old, new string) {
		f.copy("model", dir)
		if !strings.Contains(config, old) {
			t.Fatalf("no %s in %s", old, config)
		}
		f.write(dir+"/config.json", strings.Replace(config, old, new, 1))
	}
	edited("newer", `"format": 1`, `"format": 99`)
	edited("garbage", `"format": 1`, `"format": [`)
	edited("huge", `"hidden": 16`, `"hidden": 65536`)
	edited("shards", `"shards": 2`, `"shards": 200`)
	edited("cut", `"hidden": 16`, `"hidden": 17`)
	edited("foreign", `"kind": "lm"`, `"model_type": "gpt2"`)
	edited("moved", "text.txt", "gone.txt")
	edited("begun", "text.txt", "text.txt")
	f.copy("model", "notoken")
	f.remove("notoken/tokenizer.json")
	edited("unnamed", "text.txt", "text.txt") // as if killed right after the config was written
	f.remove("unnamed/model.safetensors")
	f.remove("unnamed/tokenizer.json")
	edited("untrained", "text.txt", "text.txt")
	f.remove("untrained/model.safetensors")
	edited("outside", "text.txt", "text.txt")
	f.remove("outside/metrics.jsonl")
	f.mkdir("outside/metrics.jsonl")
	edited("words", `"tokens": "char"`, `"tokens": "syllable"`)
	edited("split", `"tokens": "char"`, `"tokens": "word", "vocabulary": {"split": "lines"}`)
	f.copy("model", "othertoken")
	f.write("othertoken/tokenizer.json", string(f.read("model/tokenizer.json"))+" ")
	for _, dir := range []string{"shards", "moved", "begun", "words", "split", "othertoken"} { // so that there is something to resume
		f.remove(dir + "/state/000000080.safetensors")
	}
	wrongPictures(f)
	wrongSentences(f)
	return f
}

// wrongPictures adds a VAE and pictures, good and bad.
func wrongPictures(f *folder) {
	f.write("bars.npy", barPictures(200, 1))
	f.write("other.npy", barPictures(200, 2))
	f.write("wide.npy", npyBytes(make([]byte, 5*6*7), 5, 6, 7))
	f.write("nan.npy", npyFloats([]float32{0, float32(math.NaN()), 1, 0}, 1, 2, 2))
	f.write("cut.npy", barPictures(200, 1)[:5000])
	f.mkdir("uneven")
	f.write("uneven/a.png", pngOf(3, 4))
	f.write("uneven/b.png", pngOf(4, 3))
	f.mkdir("tests")
	f.write("tests/test.npy", barPictures(5, 1))
	f.must(vaeArgs("vae", "--steps", "40", "--checkpoint-every", "20")...)
	f.write("t.csv", customers(2000, 1))
	f.must(tableArgs("table", "--steps", "20")...)
	f.write("empty.csv", "")
	f.write("header.csv", "a,b\n")
	f.write("ragged.csv", "a,b\n1,2\n3\n")
	f.write("twice.csv", "a,b,a\n1,2,3\n")
	f.write("infinite.csv", "a,b\n"+strings.Repeat("1.5,x\n2.5,y\n", 20)+"-inf,z\n")
	f.write("few.csv", "price,count\n1,2\n")
	f.write("wrong.json", `{"columns": [{"name": "price", "type": "date"}]}`)
	f.write("other.json", `{"columns": [{"name": "colour", "type": "category"}]}`)
	f.must(vectorArgs("vectors")...)
	config := string(f.read("vae/config.json"))
	edited := func(dir, old, new string) {
		f.copy("vae", dir)
		if !strings.Contains(config, old) {
			f.Fatalf("no %s in %s", old, config)
		}
		f.write(dir+"/config.json", strings.Replace(config, old, new, 1))
	}
	edited("vae-stopped", "bars.npy", "bars.npy")
	f.remove("vae-stopped/state/000000040.safetensors")
	edited("vae-moved", "bars.npy", "gone.npy")
	f.remove("vae-moved/state/000000040.safetensors")
	edited("vae-newer", `"format": 1`, `"format": 99`)
	edited("vae-wide", `"width": 6`, `"width": 7`)
	edited("vae-unread", `"format": 1`, `"format": [`)
	edited("vae-untrained", "bars.npy", "bars.npy")
	f.remove("vae-untrained/model.safetensors")
}

// pngOf is a black picture.
func pngOf(width, height int) string {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		panic(err)
	}
	return b.String()
}

func (f *folder) mkdir(name string) {
	if err := os.Mkdir(filepath.Join(f.dir, name), 0o777); err != nil {
		f.Fatal(err)
	}
}

func (f *folder) remove(name string) {
	if err := os.Remove(filepath.Join(f.dir, name)); err != nil {
		f.Fatal(err)
	}
}

func removeAll(f *folder, name string) error { return os.RemoveAll(filepath.Join(f.dir, name)) }

func (f *folder) copy(from, to string) {
	if err := os.CopyFS(filepath.Join(f.dir, to), os.DirFS(filepath.Join(f.dir, from))); err != nil {
		f.Fatal(err)
	}
}

// snapshot is all files with a hash of each, but for locks, which say who was there last.
func (f *folder) snapshot() string {
	var b strings.Builder
	err := filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() == "lock" {
			return err
		}
		name, _ := filepath.Rel(f.dir, path)
		fmt.Fprint(&b, filepath.ToSlash(name))
		if !d.IsDir() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %.4x", sha256.Sum256(content))
		}
		b.WriteByte('\n')
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	return b.String()
}

// anywhere takes out of a message what differs from machine to machine.
func (f *folder) anywhere(s string) string {
	s = strings.ReplaceAll(s, f.dir, "HERE")
	for _, r := range []struct{ what, with string }{
		{`cannot run here: choose one of .*`, "cannot run here: choose one of …"},
		{`[\d.]+ [KMGT]B\b`, "…"}, // sizes follow from the instruction set and from the machine
	} {
		s = regexp.MustCompile(r.what).ReplaceAllString(strings.TrimSuffix(s, "\n"), r.with)
	}
	return s
}

func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	var b strings.Builder
	for i := range max(len(w), len(g)) {
		var x, y string
		if i < len(w) {
			x = w[i]
		}
		if i < len(g) {
			y = g[i]
		}
		if x != y {
			fmt.Fprintf(&b, "-%s\n+%s\n", x, y)
		}
	}
	return b.String()
}

// TestDivergence wants a run whose loss is no number to end with a message and keep what it had.
func TestDivergence(t *testing.T) {
	f := newFolder(t)
	r := f.run(trainArgs("a", "--steps", "300", "--optimizer", "sgd", "--lr", "1e38", "--clip", "0")...)
	if r.code != codeInput || strings.Count(r.err, "inkling: ") != 1 {
		t.Fatalf("exit code %d: %s", r.code, r.err)
	}
	f.contains(r.err, "diverged", "a lower learning rate")
	if r = f.run("resume", "a"); r.code != codeInput {
		t.Errorf("the run can be gone on with, to the same end: %d, %s", r.code, r.err)
	}
	f.contains(r.err, "goes on after step 0")
}

// TestDivergenceAfterCheckpoints wants what was saved before a run went astray to stay as it is.
func TestDivergenceAfterCheckpoints(t *testing.T) {
	f := newFolder(t)
	f.must(trainArgs("a", "--steps", "80", "--checkpoint-every", "20")...)
	f.remove("a/state/000000080.safetensors") // so that it goes on after step 60
	config := regexp.MustCompile(`"rate": [^,\n]+`).ReplaceAllString(string(f.read("a/config.json")), `"rate": 1e38`)
	f.write("a/config.json", config)
	saved := func() string {
		files := regexp.MustCompile(`(?m)^a/(model|state).* .*$`).FindAllString(f.snapshot(), -1)
		if len(files) != 2 {
			t.Errorf("not a model and a state: %q", files)
		}
		return strings.Join(files, "\n")
	}
	before := saved()
	r := f.run("resume", "a")
	if r.code != codeInput {
		t.Fatalf("exit code %d: %s", r.code, r.err)
	}
	f.contains(r.err, "goes on after step 60", "lower", "learning rate")
	if after := saved(); after != before {
		t.Errorf("there was\n%s\nand now there is\n%s", before, after)
	}
}

// TestOutputFull writes results to a device that is always full.
func TestOutputFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if runtime.GOOS != "linux" || err != nil {
		t.Skip("no /dev/full here")
	}
	defer full.Close()
	f := newFolder(t)
	cmd, _, stderr := f.command("info")
	cmd.Stdout = full
	if cmd.Run(); cmd.ProcessState.ExitCode() != codeIO || !bytes.HasPrefix(stderr.Bytes(), []byte("inkling: standard output cannot be written")) {
		t.Errorf("exit code %d: %s", cmd.ProcessState.ExitCode(), stderr)
	}
}
