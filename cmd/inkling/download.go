package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A download goes to a file of the name it will have and .part, and gets its name when its size and its hash are
// right. What broke off is gone on with (RFC 9110, 14: Range), by another address too: If-Range sees to it that
// the rest of a file that was changed at its address meanwhile is not put behind the beginning of the old one,
// and the hash to what If-Range cannot see. A whole file with a wrong hash is deleted: nothing of it can be
// trusted, so nothing could be gone on with, and nobody should take it for what it is not.
//
// Nothing behind the catalogue's size is ever written, whatever a server sends.

const (
	partSuffix = ".part" // of what has come so far
	fromSuffix = ".from" // after it: of where that came from
)

var errStalled = errors.New("stalled")

// newClient is http's own way out, with the proxies of the environment. How long it waits is fetch's business.
func newClient() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DisableCompression = true // a file is wanted as it is there
	return &http.Client{Transport: t}
}

// fetch downloads a file, from the first of its addresses that has it.
func (s *shelf) fetch(ctx context.Context, t *transfer, f dataFile, to string) error {
	var err error
	for i, address := range f.addresses {
		if i > 0 {
			t.say("%v", err)
			t.say("trying another address")
		}
		err = s.fetchFrom(ctx, t, f, address, to)
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func (s *shelf) fetchFrom(ctx context.Context, t *transfer, f dataFile, address, to string) error {
	d := &download{shelf: s, transfer: t, file: f, address: address, to: to}
	var err error
	if d.part, err = os.OpenFile(to+partSuffix, os.O_RDWR|os.O_CREATE, 0o666); err != nil {
		return keepFault(filepath.Dir(to), err)
	}
	defer d.part.Close()
	if err := d.run(ctx); err != nil {
		if d.offset == 0 { // nothing to go on with
			d.discard()
		}
		return err
	}
	return d.finish()
}

// discard deletes what came so far.
func (d *download) discard() {
	d.part.Close()
	os.Remove(d.part.Name())
	os.Remove(d.part.Name() + fromSuffix)
}

// download is one go at a file from one address.
type download struct {
	*shelf
	*transfer
	file        dataFile
	address, to string
	part        *os.File
	offset      int64 // of the next byte, which is how many there are
}

// run brings the part to its full size.
func (d *download) run(ctx context.Context) error {
	info, err := d.part.Stat()
	if err != nil {
		return keepFault(filepath.Dir(d.to), err)
	}
	if d.offset = info.Size(); d.offset > d.file.size {
		if err := d.anew(); err != nil {
			return err
		}
	}
	d.transfer.reached(d.offset)
	if d.offset == d.file.size {
		return nil // stopped right before it was checked
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	idle := time.AfterFunc(d.stall, func() { cancel(errStalled) })
	defer idle.Stop()
	d.say("%s from %s", filepath.Base(d.to), hostOf(d.address))
	response, err := d.request(ctx)
	if err != nil {
		return d.networkFault(ctx, err)
	}
	defer response.Body.Close()
	if err := d.accept(response); err != nil {
		return err
	}
	return d.take(ctx, response.Body, idle)
}

// anew throws away what came so far.
func (d *download) anew() error {
	d.offset = 0
	d.transfer.reached(0)
	if err := d.part.Truncate(0); err != nil {
		return keepFault(filepath.Dir(d.to), err)
	}
	return nil
}

// request asks for what is missing.
func (d *download) request(ctx context.Context) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "inkling/"+version)
	request.Header.Set("Accept-Encoding", "identity")
	if d.offset > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.offset))
		if from, _ := os.ReadFile(d.to + partSuffix + fromSuffix); len(from) > 0 {
			if address, validator, _ := strings.Cut(string(from), "\n"); address == d.address && validator != "" {
				request.Header.Set("If-Range", validator)
			}
		}
	}
	return d.client.Do(request)
}

// accept decides, before a byte is written, whether an answer can be what is wanted.
func (d *download) accept(r *http.Response) error {
	switch r.StatusCode {
	case http.StatusPartialContent:
		begin, total, ok := contentRange(r.Header.Get("Content-Range"))
		if !ok || begin != d.offset || total >= 0 && total != d.file.size {
			return cmp.Or(d.anew(), d.fault("answers with another part of a file than was asked for: try again, from the beginning"))
		}
	case http.StatusOK:
		if d.offset > 0 {
			d.say("%s does not go on with what broke off: from the beginning", hostOf(d.address))
			if err := d.anew(); err != nil {
				return err
			}
		}
	case http.StatusRequestedRangeNotSatisfiable:
		return cmp.Or(d.anew(), d.fault("has a shorter file than before: try again, from the beginning"))
	case http.StatusNotFound, http.StatusGone:
		return d.fault("does not have the file any more (%s): %s", r.Status, d.byHand())
	case http.StatusUnauthorized, http.StatusForbidden:
		return d.fault("does not let us have the file (%s): try from another network, or %s", r.Status, d.byHand())
	case http.StatusProxyAuthRequired:
		return d.fault("cannot be reached, since the proxy wants to know who asks (%s): put name and password into HTTPS_PROXY", r.Status)
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return d.fault("is busy or out of order (%s): try again later", r.Status)
	default:
		return d.fault("answers %s: try again later, or %s", r.Status, d.byHand())
	}
	if n := r.ContentLength; n >= 0 && d.offset+n != d.file.size {
		return d.fault("has %d bytes in place of %d: the file was changed there, or a sign-in page answers in its place: %s", d.offset+n, d.file.size, d.byHand())
	}
	validator := r.Header.Get("ETag")
	if strings.HasPrefix(validator, "W/") || validator == "" { // which If-Range may not have
		validator = r.Header.Get("Last-Modified")
	}
	if err := os.WriteFile(d.to+partSuffix+fromSuffix, []byte(d.address+"\n"+validator), 0o666); err != nil {
		return keepFault(filepath.Dir(d.to), err)
	}
	return nil
}

// contentRange reads "bytes begin-end/total"; the total is -1 if the server does not know it.
func contentRange(header string) (begin, total int64, ok bool) {
	span, of, ok := strings.Cut(strings.TrimPrefix(header, "bytes "), "/")
	first, _, dash := strings.Cut(span, "-")
	begin, err := strconv.ParseInt(first, 10, 64)
	if total = -1; of != "*" && err == nil {
		total, err = strconv.ParseInt(of, 10, 64)
	}
	return begin, total, ok && dash && err == nil
}

// take writes what comes, up to the size that there must be.
func (d *download) take(ctx context.Context, body io.Reader, idle *time.Timer) error {
	buf := make([]byte, 64<<10)
	for {
		n, err := body.Read(buf)
		idle.Reset(d.stall)
		if int64(n) > d.file.size-d.offset {
			return cmp.Or(d.anew(), d.fault("sends more than the %d bytes that there should be: the file was changed there, or something else answers in its place: %s", d.file.size, d.byHand()))
		}
		if _, err := d.part.WriteAt(buf[:n], d.offset); err != nil {
			return keepFault(filepath.Dir(d.to), err)
		}
		d.offset += int64(n)
		d.transfer.reached(d.offset)
		switch {
		case err == io.EOF && d.offset == d.file.size:
			return nil
		case err == io.EOF, errors.Is(err, io.ErrUnexpectedEOF):
			return d.fault("broke off after %d of %d bytes: the same command goes on from there", d.offset, d.file.size)
		case err != nil:
			return d.networkFault(ctx, err)
		}
	}
}

// finish checks the part and gives it its name.
func (d *download) finish() error {
	name := d.part.Name()
	if err := d.file.verify(name); errors.Is(err, errWrong) {
		d.transfer.reached(0)
		d.discard()
		return badInput("%s: what %s sent is %v; it was deleted: try again, and if it stays so, the file was changed there: %s", filepath.Base(d.to), hostOf(d.address), err, d.byHand())
	} else if err != nil {
		return keepFault(filepath.Dir(d.to), err)
	}
	err := d.part.Sync()
	if err == nil {
		err = d.part.Close()
	}
	if err == nil {
		err = os.Rename(name, d.to)
	}
	if err != nil {
		return keepFault(filepath.Dir(d.to), err)
	}
	os.Remove(name + fromSuffix)
	d.transfer.done(d.file.size)
	return nil
}

// fault says of the server what is the matter with it.
func (d *download) fault(format string, args ...any) error {
	return ioFault("%s: %s %s", filepath.Base(d.to), hostOf(d.address), fmt.Sprintf(format, args...))
}

// byHand is what always can be done.
func (d *download) byHand() string { return "bring the file from elsewhere to " + quoted(d.to) }

// hostOf is what messages call an address.
func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host
	}
	return address
}

// copy brings a file that is on this machine, and was checked, to another place.
func (f *dataFile) copy(ctx context.Context, from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	part := to + partSuffix
	out, err := os.Create(part)
	if err != nil {
		return keepFault(filepath.Dir(to), err)
	}
	_, err = io.Copy(out, in)
	err = cmp.Or(err, out.Sync(), out.Close(), ctx.Err())
	if err == nil {
		err = os.Rename(part, to)
	}
	if err != nil {
		os.Remove(part)
		return keepFault(filepath.Dir(to), err)
	}
	return nil
}

// keepFault says why a file cannot be kept in a folder.
func keepFault(dir string, err error) error {
	return &fault{codeIO, fmt.Errorf("%s: cannot be written to: %w: free some space, change its permissions, or name another folder with --out", dir, bare(err))}
}
