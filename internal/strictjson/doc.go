// Package strictjson reads JSON that may come from anywhere: RFC 8259 and no more.
//
// It takes no key twice, no broken UTF-8, no half of a surrogate pair, nothing after the
// end, and nothing nested deeper than its caller allows; it recurses no deeper than
// that. encoding/json takes the first three, and its tokens need several times the
// memory and time on a hostile text.
//
// A [Scanner] reads piece by piece and allocates nothing but a buffer, no longer than the
// strings with escapes were spelled that its caller asked for. [Scanner.Object] and
// [Scanner.Skip] remember keys on top, at most 128 bytes for each and twice its length.
// [Unmarshal] checks a small text and has encoding/json fill a struct.
//
// Every error is one line, of at most a few hundred bytes whatever the text holds.
package strictjson
