package kernel

// The gates of a GRU (Cho et al. 2014) in PyTorch's form and order. A step has two rows of 3·len(h): what the input
// says (gates: x·W_ihᵀ + b_ih) and what the state says (rec: h·W_hhᵀ + b_hh). They are not one sum, as those of an
// LSTM are, since the reset gate comes between the two parts of the candidate n.

// GRUForward is one time step of one sequence. gates holds the input's part of r, z, n, each len(h) long, and is
// replaced by their activations; rec holds the state's part, of which recN keeps the third of n for backward:
//
//	r = σ(gates_r + rec_r); z = σ(gates_z + rec_z); n = tanh(gates_n + r·rec_n); h = n + z·(hPrev − n); recN = rec_n
//
// h may be hPrev.
func GRUForward(gates, rec, hPrev, recN, h []float32) {
	check(len(gates) == 3*len(h), "GRU gates are not 3 × hidden")
	same(gates, rec)
	same(hPrev, h)
	same(recN, h)
	active.gruForward(gates, rec, hPrev, recN, h)
}

// GRUBackward undoes GRUForward. gates holds the activations and is replaced by the gradient of the input's part. rec is
// set to the gradient of the state's part, which differs in the third of n alone; that third replaces recN as
// well. What h passes to hPrev past the gates is added to dhPrev:
//
//	dn = dh·(1−z)·(1−n²); dz = dh·(hPrev−n)·z·(1−z); dr = dn·recN·r·(1−r)
//	gates = dr, dz, dn; rec = dr, dz, dn·r; recN = dn·r; dhPrev += dh·z
func GRUBackward(gates, rec, hPrev, recN, dh, dhPrev []float32) {
	check(len(gates) == 3*len(dh), "GRU gates are not 3 × hidden")
	same(gates, rec)
	same(hPrev, dh)
	same(recN, dh)
	same(dhPrev, dh)
	active.gruBackward(gates, rec, hPrev, recN, dh, dhPrev)
}

func gruForwardGo(gates, rec, hPrev, recN, h []float32) {
	n := len(h)
	gr, gz, gn := gates[:n], gates[n:2*n], gates[2*n:]
	for j := range h {
		r, z := sigmoidf(gr[j]+rec[j]), sigmoidf(gz[j]+rec[n+j])
		c := tanhf(gn[j] + r*rec[2*n+j])
		gr[j], gz[j], gn[j], recN[j] = r, z, c, rec[2*n+j]
		h[j] = c + z*(hPrev[j]-c)
	}
}

func gruBackwardGo(gates, rec, hPrev, recN, dh, dhPrev []float32) {
	n := len(dh)
	gr, gz, gn := gates[:n], gates[n:2*n], gates[2*n:]
	for j := range dh {
		r, z, c := gr[j], gz[j], gn[j]
		dn := dh[j] * (1 - z) * (1 - c*c)
		dz := dh[j] * (hPrev[j] - c) * z * (1 - z)
		dr := dn * recN[j] * r * (1 - r)
		gr[j], gz[j], gn[j] = dr, dz, dn
		rec[j], rec[n+j], rec[2*n+j], recN[j] = dr, dz, dn*r, dn*r
		dhPrev[j] += dh[j] * z
	}
}
