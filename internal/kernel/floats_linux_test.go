package kernel

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"
)

// TestFloats looks up in what the system says of this process whether a large slice was advised: flag "hg" of its mapping.
func TestFloats(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage/enabled"); err != nil {
		t.Log("no large pages here: there is nothing to see")
		return
	}
	for _, n := range []int{0, 1, 100, largePage/2 - 1, largePage / 2, largePage, 3*largePage + 5} {
		x := Floats(n)
		if len(x) != n {
			t.Fatalf("%d floats instead of %d", len(x), n)
		}
		for i := range x {
			if x[i] != 0 {
				t.Fatalf("%d floats: number %d is %g", n, i, x[i])
			}
			x[i] = 1
		}
		if n < largePage/2 {
			continue
		}
		if flags := mapping(t, uintptr(unsafe.Pointer(&x[n/2]))); !strings.Contains(flags, " hg") {
			t.Errorf("%d floats were not advised: the flags of their mapping are%s", n, flags)
		}
	}
}

// mapping gives the flags of the mapping that an address lies in.
func mapping(t *testing.T, address uintptr) string {
	raw, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	inside := false
	for line := range strings.Lines(string(raw)) {
		var from, to uintptr
		if n, _ := fmt.Sscanf(line, "%x-%x ", &from, &to); n == 2 {
			inside = from <= address && address < to
		} else if flags, ok := strings.CutPrefix(line, "VmFlags:"); ok && inside {
			return flags
		}
	}
	t.Fatalf("no mapping of %#x", address)
	return ""
}
