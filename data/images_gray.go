package data

// luminance is how bright a pixel of red, green and blue is, by the weights of ITU-R Rec. 601, rounded. Of grey it is the
// same.
func luminance(rgb []byte) byte {
	return byte((19595*uint32(rgb[0]) + 38470*uint32(rgb[1]) + 7471*uint32(rgb[2]) + 1<<15) >> 16)
}

// gray turns three channels into one.
func (m *Images) gray() *Images {
	if m.Channels != 3 {
		return m
	}
	g := newImages(shape{n: m.Len(), height: m.Height, width: m.Width, channels: 1, float: m.floats != nil})
	for i := range g.floats {
		p := m.floats[3*i:][:3]
		g.floats[i] = 0.299*p[0] + 0.587*p[1] + 0.114*p[2]
	}
	for i := range g.bytes {
		p := [3]byte(m.bytes[3*i:])
		if m.values == &factual { // 0 and 1 have shades between them
			p[0], p[1], p[2] = 255*p[0], 255*p[1], 255*p[2]
		}
		g.bytes[i] = luminance(p[:])
	}
	return g
}
