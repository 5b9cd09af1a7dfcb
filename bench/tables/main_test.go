package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"math"
	"path/filepath"
	"strconv"
	"testing"
)

// TestMade: the table has its columns, keeps its rules but where it is spoiled, and is a function of the seed.
func TestMade(t *testing.T) {
	var out, labels bytes.Buffer
	if err := write(&out, &labels, 3000, 5, 0.1); err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := run(context.Background(), []string{"-made", "3000", "-seed", "5", "-spoil", "0.1", "-labels", filepath.Join(t.TempDir(), "l")}, &again, &again); err != nil || !bytes.Equal(out.Bytes(), again.Bytes()) {
		t.Errorf("another table of the same seed, or %v", err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != 3001 || len(rows[0]) != 24 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	bad, broken := 0, 0
	of := bytes.Fields(labels.Bytes())
	for i, row := range rows[1:] {
		spoiled := string(of[i]) == "1"
		if spoiled {
			bad++
		}
		income, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		tax := strconv.FormatFloat(math.Floor(income*2)/10, 'f', 1, 64)
		if tax != row[3] || systems[indexOf(devices, row[17])] != row[18] {
			if broken++; !spoiled {
				t.Errorf("row %d breaks a rule, and is not spoiled: %v", i+1, row)
			}
		}
	}
	if bad < 200 || bad > 400 || broken < bad/6 {
		t.Errorf("%d rows are spoiled, and %d break a rule", bad, broken)
	}
}

func TestArea(t *testing.T) {
	for lines, want := range map[string]float64{"1\n2\n3\n4\n": 0.75, "1\tx\n4\n2\n3\n": 1, "1\n1\n1\n1\n": 0.5, "9\n1\n8\n2\n": 0} {
		got, err := areaOf([]byte(lines), []string{"0", "1", "0", "1"}, 1)
		if err != nil || math.Abs(got-want) > 1e-12 {
			t.Errorf("%q: %g, want %g, %v", lines, got, want, err)
		}
	}
}
