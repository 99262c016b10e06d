package db

// Spaces lists every space, for tests that look at what lies in them.
func Spaces() (names []Space) {
	for _, s := range spaces {
		names = append(names, s.name)
	}
	return names
}

// Seal is a record as it lies in the data file.
func Seal[T any](s Space, key []byte, record *T) ([]byte, error) { return encode(s, key, record) }

// Unseal takes a record apart as it was read from the data file.
func Unseal(s Space, key, raw []byte, record any) error { return decode(s, key, raw, record) }
