package token

import "errors"

// errOtherKey says that the folder would be opened with another signing key.
var errOtherKey = errors.New("token: the newest key in the folder is not the one that signs")

// Check says whether the files from which the ring was read are still there and
// whole: else it goes on as it is, but the next Open would fail.
func (r *Ring) Check() error {
	r.writing.Lock()
	defer r.writing.Unlock()
	keys, err := readKeys(r.dir, r.instance)
	if err != nil {
		return err
	}
	if keys[0].id != r.keys()[0].id {
		return errOtherKey
	}
	_, err = readLinks(r.dir, r.instance)
	return err
}
