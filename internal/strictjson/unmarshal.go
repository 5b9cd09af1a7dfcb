package strictjson

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Unmarshal is json.Unmarshal for a text from anywhere. Keys of an object that differ
// only in case are one key, as they are for encoding/json, and so refused.
func Unmarshal(text []byte, l Limits, v any) error {
	s, err := New("", text)
	if err != nil {
		return err
	}
	s.fold = true
	if _, err := s.Skip(l); err != nil {
		return err
	}
	if err := s.End(); err != nil {
		return err
	}
	err = json.Unmarshal(text, v)
	var mismatch *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &mismatch):
		return fmt.Errorf("%.80s: %.80s where %s is expected", mismatch.Field, mismatch.Value, mismatch.Type)
	}
	return fmt.Errorf("%.200s", err) // of a type's own UnmarshalJSON or UnmarshalText
}
