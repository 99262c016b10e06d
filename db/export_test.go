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
