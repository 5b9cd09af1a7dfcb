package checkpoint

import (
	"bytes"
	"fmt"
	"os"
)

// The metrics are appended to, a line at a time, and not fsynced until a state is saved
// that counts on them: a state records [Run.MetricsSize], and who goes on from it calls
// [Run.TruncateMetrics], so that the file is as if nothing had happened.

// AppendMetrics appends a line, which comes without its newline. A line that does not fit
// on the disk leaves no part behind.
func (r *Run) AppendMetrics(line []byte) error {
	r.mustWrite("AppendMetrics")
	if bytes.ContainsAny(line, "\r\n") {
		panic(fmt.Sprintf("checkpoint: a metrics line with a line break: %q", line))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.openMetrics(); err != nil {
		return writeFault(r.dir, metricsName, err)
	}
	w := &writer{file: r.metrics, name: metricsName, offset: r.size}
	r.dirty = true
	if _, err := w.Write(append(bytes.Clone(line), '\n')); err != nil {
		if r.metrics.Truncate(r.size) != nil {
			r.size = w.offset
		}
		return writeFault(r.dir, metricsName, err)
	}
	r.size = w.offset
	return nil
}

// MetricsSize is the length of the metrics in bytes, for the meta of a state.
func (r *Run) MetricsSize() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.size
}

// TruncateMetrics cuts the metrics back to a length that [Run.MetricsSize] gave. That
// they are shorter is an error: someone changed them.
func (r *Run) TruncateMetrics(size int64) error {
	r.mustWrite("TruncateMetrics")
	r.mu.Lock()
	defer r.mu.Unlock()
	if size == r.size {
		return nil
	}
	if size < 0 || size > r.size {
		return fmt.Errorf("%s: %d bytes where the state counts on %d: put the file back that was there when the state was saved", r.path(metricsName), r.size, size)
	}
	if err := r.openMetrics(); err != nil {
		return writeFault(r.dir, metricsName, err)
	}
	if err := r.metrics.Truncate(size); err != nil {
		return writeFault(r.dir, metricsName, err)
	}
	r.size, r.dirty = size, true
	return nil
}

// openMetrics opens the file to append to; the mutex is held.
func (r *Run) openMetrics() error {
	if r.metrics != nil {
		return nil
	}
	file, err := r.root.OpenFile(metricsName, os.O_WRONLY|os.O_APPEND|os.O_CREATE|openFlags, 0o666)
	if err != nil {
		return err
	}
	r.metrics = file
	return syncDir(r.root, ".")
}

// syncMetrics makes the metrics durable.
func (r *Run) syncMetrics() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.dirty {
		return nil
	}
	if err := syncFile(r.metrics, metricsName); err != nil {
		return writeFault(r.dir, metricsName, err)
	}
	r.dirty = false
	return nil
}
