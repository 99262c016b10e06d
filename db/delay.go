package db

import "errors"

// Delay is how far sign-ins to one name are slowed down. The name stands in it
// only as a keyed digest.
type Delay struct {
	Level float64 `cbor:"1,keyasint"` // failures that are not yet forgotten
	At    Time    `cbor:"2,keyasint"` // when that was the level
	Until Time    `cbor:"3,keyasint"` // no try before
}

// Delays calls fn for every delay until it returns false. One that can't be
// read is passed over.
func (v View) Delays(fn func(name []byte, d *Delay) bool) {
	each(v.r, spaceDelay, nil, nil, func(key []byte, d *Delay, err error) bool {
		return err != nil || fn(key, d)
	})
}

// Delay returns the delay of a name; ErrNotFound where there is none.
func (v View) Delay(name []byte) (*Delay, error) { return get[Delay](v.r, spaceDelay, name) }

// PutDelay stores the delay of a name; nil forgets it.
func (t Tx) PutDelay(name []byte, d *Delay) error {
	if d == nil {
		t.w.Delete(spaceDelay, name)
		return nil
	}
	if len(name) == 0 {
		return errors.New("db: a delay without a name")
	}
	return put(t.w, spaceDelay, name, d)
}

func (c *checker) delays() {
	each(c.r, spaceDelay, nil, nil, func(key []byte, _ *Delay, err error) bool {
		if err != nil {
			c.fault("delay %x: %v", key, err)
		}
		return true
	})
}
