package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// site is a server of the test's files that can be told to break.
type site struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string // file, Range and If-Range of each request
	with  http.HandlerFunc
	etag  string
}

func newSite(t *testing.T) *site {
	s := &site{etag: `"one"`}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, strings.TrimSpace(r.URL.Path+" "+r.Header.Get("Range")+" "+r.Header.Get("If-Range")))
	with := s.with
	s.mu.Unlock()
	if with != nil {
		with(w, r)
		return
	}
	s.serve(w, r)
}

// serve is what a good server does.
func (s *site) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", s.etag)
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(fileOf(r)))
}

func fileOf(r *http.Request) string {
	if strings.HasSuffix(r.URL.Path, ".gz") {
		return string(imageFile)
	}
	return poemText
}

func (s *site) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// breakAfter sends so many bytes of the whole file and closes the connection.
func breakAfter(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"one"`)
		w.Header().Set("Content-Length", fmt.Sprint(len(fileOf(r))))
		w.Write([]byte(fileOf(r)[:n]))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

// wantPoem wants the poem to be there, and no trace of how it came.
func wantPoem(t *testing.T, r result, dir string) {
	t.Helper()
	if got, _ := os.ReadFile(filepath.Join(dir, "poem.txt")); r.code != 0 || string(got) != poemText || r.out != filepath.Join(dir, "poem.txt")+"\n" || filesBelow(t, dir) != "poem.txt" {
		t.Errorf("exit code %d, %d bytes, %q there\n%s%s", r.code, len(got), filesBelow(t, dir), r.out, r.err)
	}
}

func TestGet(t *testing.T) {
	web := newSite(t)
	s, dir := aShelf(t, web.URL)
	r := s.get("pictures", "")
	if r.code != 0 || r.out != filepath.Join(dir, "pictures")+"\n" || filesBelow(t, dir) != "pictures/images.gz pictures/poem.txt" {
		t.Fatalf("%+v, %s", r, filesBelow(t, dir))
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "pictures", "images.gz")); string(got) != string(imageFile) {
		t.Error("not as it is on the server")
	}
	if asked := web.requests(); len(asked) != 2 {
		t.Errorf("%q", asked)
	}
	if r := s.get("pictures", ""); r.code != 0 || len(web.requests()) != 0 || r.err != "" {
		t.Errorf("it is here: %+v", r)
	}

	// To another folder it is copied.
	out := filepath.Join(t.TempDir(), "new")
	if r := s.get("pictures", out); r.code != 0 || len(web.requests()) != 0 || filesBelow(t, out) != "pictures/images.gz pictures/poem.txt" {
		t.Errorf("%+v, %s", r, filesBelow(t, out))
	}

	// Only what is missing is fetched, and a copy that is not right is passed over and never written over.
	if err := os.Remove(filepath.Join(dir, "pictures", "images.gz")); err != nil {
		t.Fatal(err)
	}
	if r := s.get("pictures", ""); r.code != 0 || len(web.requests()) != 1 {
		t.Errorf("%+v", r)
	}
	other := strings.ToUpper(poemText)
	put(t, filepath.Join(dir, "pictures", "poem.txt"), []byte(other))
	r = s.get("pictures", "")
	if got, _ := os.ReadFile(filepath.Join(dir, "pictures", "poem.txt")); r.code != codeIO || string(got) != other || !strings.Contains(r.err, "passed over") || !strings.Contains(r.err, "move it away") {
		t.Errorf("%+v", r)
	}
	if out := t.TempDir(); s.get("pictures", out).code != 0 || filesBelow(t, out) != "pictures/images.gz pictures/poem.txt" {
		t.Error(filesBelow(t, out))
	}
}

func TestGetGoesOn(t *testing.T) {
	web := newSite(t)
	s, dir := aShelf(t, web.URL)
	part := filepath.Join(dir, "poem.txt"+partSuffix)
	breakOff := func(n int) {
		t.Helper()
		os.RemoveAll(filepath.Join(dir, "poem.txt"))
		web.with = breakAfter(n)
		r := s.get("poem", "")
		if got, _ := os.ReadFile(part); r.code != codeIO || string(got) != poemText[:n] || !strings.Contains(r.err, fmt.Sprintf("broke off after %d of 8600 bytes: the same command goes on from there", n)) {
			t.Fatalf("%+v, %d bytes", r, len(got))
		}
		web.with = nil
		web.requests()
	}
	expect := func(want ...string) {
		t.Helper()
		wantPoem(t, s.get("poem", ""), dir)
		if asked := web.requests(); strings.Join(asked, "\n") != strings.Join(want, "\n") {
			t.Errorf("asked for %q, not %q", asked, want)
		}
	}
	breakOff(1000)
	expect(`/poem.txt bytes=1000- "one"`)

	breakOff(2000) // and the file was changed meanwhile, so the server sends all of it
	web.etag = `"two"`
	expect(`/poem.txt bytes=2000- "one"`)

	breakOff(3000)
	web.with = func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(poemText)) } // knows no ranges
	expect(`/poem.txt bytes=3000- "one"`)

	put(t, part, []byte(poemText)) // killed right before it was checked
	os.Remove(filepath.Join(dir, "poem.txt"))
	expect()
	put(t, part, []byte(poemText+"!")) // nothing of ours
	os.Remove(filepath.Join(dir, "poem.txt"))
	web.with = nil
	expect("/poem.txt")

	// What cannot be gone on with does not stand in the way of the next try.
	for _, with := range []http.HandlerFunc{
		func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		},
		func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Range", "bytes 999-8599/8600")
			w.WriteHeader(http.StatusPartialContent)
		},
		func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Range", "bytes 1000-8600/8601")
			w.WriteHeader(http.StatusPartialContent)
		},
		func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusPartialContent) },
	} {
		breakOff(1000)
		web.with = with
		if r := s.get("poem", ""); r.code != codeIO || !strings.Contains(r.err, "try again, from the beginning") || filesBelow(t, dir) != "" {
			t.Errorf("%+v, %q", r, filesBelow(t, dir))
		}
		web.with = nil
		web.requests()
		expect("/poem.txt")
	}

	// The beginning of another file is found out by the hash, and thrown away.
	os.Remove(filepath.Join(dir, "poem.txt"))
	put(t, part, []byte("something else"))
	if r := s.get("poem", ""); r.code != codeInput || !strings.Contains(r.err, "it was deleted") || filesBelow(t, dir) != "" {
		t.Errorf("%+v, %q", r, filesBelow(t, dir))
	}
}

// TestGetElsewhere goes on at another address with what broke off at the first.
func TestGetElsewhere(t *testing.T) {
	one, two := newSite(t), newSite(t)
	s, dir := aShelf(t, one.URL)
	s.sets[0].files[0].addresses = append(s.sets[0].files[0].addresses, two.URL+"/poem.txt")
	one.with = breakAfter(500)
	wantPoem(t, s.get("poem", ""), dir)
	if asked := two.requests(); len(asked) != 1 || asked[0] != "/poem.txt bytes=500-" {
		t.Errorf("%q", asked)
	}
}

// TestGetRefuses has servers and networks of every kind that do not give the file: one line each, with what to
// do, and nothing there after.
func TestGetRefuses(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(code) }
	}
	dial := func(err error) func(*shelf) {
		return func(s *shelf) {
			s.client.Transport.(*http.Transport).DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, err }
		}
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(poemText)) }))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	for what, c := range map[string]struct {
		with   http.HandlerFunc
		set    func(*shelf)
		code   int
		said   string
		remedy string
	}{
		"404": {status(404), nil, codeIO, "does not have the file any more (404 Not Found)", "bring the file from elsewhere to"},
		"403": {status(403), nil, codeIO, "does not let us have the file (403 Forbidden)", "another network"},
		"407": {status(407), nil, codeIO, "proxy wants to know who asks", "HTTPS_PROXY"},
		"503": {status(503), nil, codeIO, "is busy or out of order (503 Service Unavailable)", "try again later"},
		"204": {status(204), nil, codeIO, "answers 204 No Content", "try again later"},
		"another size": {
			func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("<html>Sign in</html>")) }, nil, codeIO,
			"has 20 bytes in place of 8600", "a sign-in page",
		},
		"too much, not said before": {func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			w.Write([]byte(poemText + "!"))
		}, nil, codeIO, "sends more than the 8600 bytes", "changed there"},
		"too much, without end": {func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			for r.Context().Err() == nil {
				w.Write([]byte(poemText))
			}
		}, nil, codeIO, "sends more than the 8600 bytes", "changed there"},
		"a wrong hash": {
			func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(strings.ToUpper(poemText))) }, nil, codeInput,
			"(the hash of what it holds is ", "it was deleted: try again",
		},
		"silence": {
			func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, func(s *shelf) { s.stall = 30 * time.Millisecond }, codeIO,
			"sent nothing for", "try again later",
		},
		"a circle of redirects": {
			func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, nil, codeIO,
			"stopped after 10 redirects", "try again later",
		},
		"an https that nobody vouches for": {
			func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, secure.URL, http.StatusFound) }, nil, codeIO,
			"a certificate that is not trusted", "clock and certificates",
		},
		"no name": {
			nil, dial(&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}), codeIO,
			"cannot be found (no such host)", "is there a network?",
		},
		"no network": {
			nil, dial(&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}), codeIO,
			"cannot be reached", "is there a network?",
		},
		"nobody there": {
			nil, func(s *shelf) { s.sets[0].files[0].addresses[0] = closed.URL + "/poem.txt" }, codeIO,
			"refuses the connection", "try again later",
		},
		"a proxy that is not there": {nil, func(s *shelf) {
			s.client.Transport.(*http.Transport).Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(closed.URL) }
		}, codeIO, "the proxy does not answer", "HTTPS_PROXY"},
	} {
		t.Run(what, func(t *testing.T) {
			web := newSite(t)
			web.with = c.with
			s, dir := aShelf(t, web.URL)
			if c.set != nil {
				c.set(s)
			}
			r := s.get("poem", "")
			lines := strings.Split(strings.TrimSpace(r.err), "\n")
			if last := lines[len(lines)-1]; r.code != c.code || r.out != "" || len(lines) != 2 || !strings.HasPrefix(last, "inkling: poem.txt: ") || !strings.Contains(last, c.said) || !strings.Contains(last, c.remedy) {
				t.Errorf("exit code %d, %s", r.code, r.err)
			}
			if left := filesBelow(t, dir); left != "" {
				t.Errorf("left there: %s", left)
			}
		})
	}

	// One that goes silent in the middle leaves what came.
	web := newSite(t)
	web.with = func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte(poemText[:700]))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	s, dir := aShelf(t, web.URL)
	s.stall = 100 * time.Millisecond
	if r := s.get("poem", ""); r.code != codeIO || !strings.Contains(r.err, "after 700 of 8600 bytes") || !strings.Contains(r.err, "goes on from there") {
		t.Errorf("%+v", r)
	}
	s.stall, web.with = 5*time.Second, nil
	wantPoem(t, s.get("poem", ""), dir)

	// One that is slow, and never silent for long, is waited for.
	web.with = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(poemText)))
		for at := 0; at < len(poemText); at += 600 {
			w.Write([]byte(poemText[at:min(at+600, len(poemText))]))
			w.(http.Flusher).Flush()
			time.Sleep(40 * time.Millisecond)
		}
	}
	s, dir = aShelf(t, web.URL)
	s.stall = 400 * time.Millisecond
	wantPoem(t, s.get("poem", ""), dir)
}

// TestGetRedirected follows a redirect to https.
func TestGetRedirected(t *testing.T) {
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(poemText)) }))
	defer secure.Close()
	web := newSite(t)
	web.with = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, secure.URL, http.StatusFound) }
	s, dir := aShelf(t, web.URL)
	s.client = secure.Client()
	wantPoem(t, s.get("poem", ""), dir)
}

// TestGetInterrupted stops in the middle, and goes on.
func TestGetInterrupted(t *testing.T) {
	web := newSite(t)
	s, dir := aShelf(t, web.URL)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	web.with = func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte(poemText[:1234]))
		w.(http.Flusher).Flush()
		for part, _ := os.Stat(filepath.Join(dir, "poem.txt"+partSuffix)); part == nil || part.Size() < 1234; part, _ = os.Stat(filepath.Join(dir, "poem.txt"+partSuffix)) {
			time.Sleep(time.Millisecond)
		}
		cancel()
		<-r.Context().Done()
	}
	r := call(func(a *app) error {
		a.ctx = ctx
		return (&dataGetCmd{Name: "poem"}).run(a, s)
	}, false)
	if r.code != codeInterrupted || !strings.Contains(r.err, "stopped: inkling data get poem goes on") {
		t.Errorf("%+v", r)
	}
	web.with = nil
	web.requests()
	wantPoem(t, s.get("poem", ""), dir)
	if asked := web.requests(); len(asked) != 1 || !strings.HasPrefix(asked[0], "/poem.txt bytes=1234-") {
		t.Errorf("%q", asked)
	}
}

// TestGetKeeps tries the folders to keep data sets in, in their order.
func TestGetKeeps(t *testing.T) {
	web := newSite(t)
	s, dir := aShelf(t, web.URL)
	file := filepath.Join(t.TempDir(), "file")
	put(t, file, nil)
	s.keep = []string{filepath.Join(file, "below"), filepath.Join(dir, "new")}
	if r := s.get("poem", ""); r.out != filepath.Join(dir, "new", "poem.txt")+"\n" {
		t.Errorf("%+v", r)
	}
	s.keep = s.keep[:1]
	if r := s.get("poem", ""); r.code != codeIO || !strings.Contains(r.err, "name another folder with --out DIR or INKLING_DATA") {
		t.Errorf("%+v", r)
	}
	s.keep = nil
	if r := s.get("poem", ""); r.code != codeIO || !strings.Contains(r.err, "name one with --out DIR or INKLING_DATA") {
		t.Errorf("%+v", r)
	}
	if r := s.get("poem", file); r.code != codeIO || !strings.Contains(r.err, "cannot be written to") {
		t.Errorf("%+v", r)
	}
}

func FuzzContentRange(f *testing.F) {
	for _, header := range []string{"bytes 10-99/*", "bytes */100", "", "bytes -5-9/10", "bytes 99999999999999999999-/1", "bytes 1/2"} {
		f.Add(header, int64(10), int64(100))
	}
	f.Fuzz(func(t *testing.T, header string, begin, total int64) {
		contentRange(header)
		if begin < 0 || total < 0 {
			return
		}
		if b, n, ok := contentRange(fmt.Sprintf("bytes %d-%d/%d", begin, total-1, total)); b != begin || n != total || !ok {
			t.Errorf("%d of %d, %v: want %d of %d", b, n, ok, begin, total)
		}
		if b, n, ok := contentRange(fmt.Sprintf("bytes %d-%d/*", begin, total)); b != begin || n != -1 || !ok {
			t.Errorf("%d of %d, %v: want %d of an unknown total", b, n, ok, begin)
		}
	})
}
