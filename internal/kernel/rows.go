package kernel

// Products of a few rows with a few rows, of matrices whose rows are looked up by number: what word vectors train with
// (S. Ji et al. 2016, Parallelizing Word2Vec in Shared and Distributed Memory, which makes small matrix products of
// many dot products). Rows lie ld floats apart, are that long, and ld is a multiple of [RowAlign].
//
// Several goroutines may call [GatherRows] and [AddRows] for the same matrix at once, as Hogwild does (F. Niu et al.
// 2011). That is a data race and meant to be one: an addition of another goroutine may be lost, but each float32 that is
// read is one that was written (The Go Memory Model, "Implementation Restrictions for Programs Containing Data Races").
// The race detector does not see into assembly, and is told to look away from the Go versions.

// RowAlign is what the length of rows is a multiple of, in floats: a vector of AVX-512, and a line of the cache.
const RowAlign = 16

// GatherRows copies rows of a matrix: dst[i] = src[rows[i]].
func GatherRows(dst, src []float32, ld int, rows []int32) {
	checkRows(src, ld, rows)
	check(len(dst) >= len(rows)*ld, "gathered rows do not fit")
	if len(rows) > 0 {
		active.gatherRows(dst, src, ld, rows)
	}
}

// RowDots sets s[j·lds+i] to the product of y's row j and x's row i, for m rows of y and n of x; m and n are multiples
// of 4.
func RowDots(s []float32, lds int, y []float32, m int, x []float32, n, ld int) {
	check(ld > 0 && ld%RowAlign == 0 && m >= 0 && m%4 == 0 && n >= 0 && n%4 == 0, "rows or their length are not whole blocks")
	check(len(y) >= m*ld && len(x) >= n*ld, "fewer rows than are to be multiplied")
	if m == 0 || n == 0 {
		return
	}
	check(lds >= n && len(s) >= (m-1)*lds+n, "products do not fit")
	active.rowDots(s, lds, y, m, x, n, ld)
}

// AddRows adds Σ g[i·gi+j·gj]·y[j], over the first k rows of y, to row rows[i] of dst, for each i; there are a multiple
// of 4 rows. A row may be there more than once.
func AddRows(dst []float32, ld int, rows []int32, g []float32, gi, gj int, y []float32, k int) {
	checkRows(dst, ld, rows)
	check(len(rows)%4 == 0, "rows are not whole blocks")
	check(gi >= 0 && gj >= 0 && k >= 0 && len(y) >= k*ld, "fewer rows than are to be added")
	if len(rows) == 0 || k == 0 {
		return
	}
	check(len(g) > (len(rows)-1)*gi+(k-1)*gj, "fewer factors than rows")
	active.addRows(dst, ld, rows, g, gi, gj, y, k)
}

func checkRows(m []float32, ld int, rows []int32) {
	check(ld > 0 && ld%RowAlign == 0, "the length of rows is not whole vectors")
	all := uint32(len(m) / ld)
	for _, r := range rows {
		if uint32(r) >= all {
			panic("kernel: a row that the matrix does not have")
		}
	}
}

//go:norace
func gatherRowsGo(dst, src []float32, ld int, rows []int32) {
	for i, r := range rows {
		copy(dst[i*ld:(i+1)*ld], src[int(r)*ld:(int(r)+1)*ld])
	}
}

func rowDotsGo(s []float32, lds int, y []float32, m int, x []float32, n, ld int) {
	for j := range m {
		for i := range n {
			s[j*lds+i] = dotGo(y[j*ld:(j+1)*ld], x[i*ld:(i+1)*ld])
		}
	}
}

//go:norace
func addRowsGo(dst []float32, ld int, rows []int32, g []float32, gi, gj int, y []float32, k int) {
	for i, r := range rows {
		row := dst[int(r)*ld : (int(r)+1)*ld]
		for d := range row {
			var sum float32
			for j := range k {
				sum += g[i*gi+j*gj] * y[j*ld+d]
			}
			row[d] += sum
		}
	}
}
