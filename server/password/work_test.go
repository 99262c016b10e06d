package password

import (
	"errors"
	"io"
	"net"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// Work ends with its tasks and answers what it can't do.
func TestWork(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	in, err := cbor.Marshal(task{Act: 9, Params: Params{Memory: 64, Time: 1, Threads: 1}})
	in2, err2 := cbor.Marshal(task{Act: actHash})
	in3, err3 := cbor.Marshal(task{Act: actVerify, Params: Params{Memory: 64, Time: 1, Threads: 1}, Stored: []byte("$9$")})
	if err := errors.Join(err, err2, err3); err != nil {
		t.Fatal(err)
	}
	if err := Work(strings.NewReader(string(slices.Concat(in, in2, in3))), &said); err != nil {
		t.Fatal(err)
	}
	d, hello := cbor.NewDecoder(strings.NewReader(said.String())), ""
	if err := d.Decode(&hello); err != nil || hello != greeting {
		t.Errorf("%q, %v", hello, err)
	}
	for _, part := range []string{"no act 9", "out of bounds", "stored hash refused"} {
		var r reply
		if err := d.Decode(&r); err != nil || !strings.Contains(r.Err, part) || r.answer != (answer{}) {
			t.Errorf("%+v, %v, want %q", r, err, part)
		}
	}
	if err := Work(strings.NewReader(string(in[:len(in)-1])), io.Discard); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a task: %v", err)
	}
	ours, theirs := net.Pipe()
	_ = theirs.Close()
	if err := Work(strings.NewReader(""), ours); err == nil {
		t.Error("nobody listens, and it is no error")
	}
}

// A panic is told like any error, without what was hashed.
func TestPanicIsReplied(t *testing.T) {
	t.Parallel()
	var none []byte
	for want, do := range map[string]func() (answer, error){
		"index out of range": func() (answer, error) { return answer{Forms: int(none[len(none)])}, nil },
		"with a string":      func() (answer, error) { panic(somePassword) },
	} {
		if r := replied(do); !strings.Contains(r.Err, want) || strings.Contains(r.Err, somePassword) || r.answer != (answer{}) {
			t.Errorf("%+v, want %q", r, want)
		}
	}
}

// Work takes the memory of one hash, be they many, and be it that a password is
// tried in two forms.
func TestWorkTakesTheMemoryOfOneHash(t *testing.T) {
	const mib = 16
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var in []byte
	for range 3 {
		one, err := cbor.Marshal(task{Act: actVerify, Params: Params{Memory: mib << 10, Time: 1, Threads: 1}, Password: []byte("cafe\u0301 panas")})
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, one...)
	}
	debug.FreeOSMemory()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := Work(strings.NewReader(string(in)), io.Discard); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if took := (after.HeapSys - after.HeapReleased - (before.HeapSys - before.HeapReleased)) >> 20; took > mib*3/2 {
		t.Errorf("six hashes of %d MiB took %d MiB", mib, took)
	}
}

// FuzzWork: whatever is sent, Work ends, and says something well-formed of each
// whole task.
func FuzzWork(f *testing.F) {
	cheap := Params{Memory: 8, Time: 1, Threads: 1}
	for _, t := range []task{
		{Act: actHash, Params: cheap, Password: []byte(somePassword)},
		{Act: actVerify, Params: cheap, Password: []byte("\xff")},
		{Act: actWrap, Params: cheap, Stored: []byte("88a434c88cca4e900f7874cd98123f43")},
		{},
	} {
		b, err := cbor.Marshal(t)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(slices.Concat(b, b[:len(b)/2]))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		tasks := 0
		for d := cbor.NewDecoder(strings.NewReader(string(in))); ; tasks++ {
			var next task
			if d.Decode(&next) != nil {
				break
			}
			if next.check() == nil && (len(next.Stored) > 0 || next.Params.Memory*next.Params.Time > 1024) {
				t.Skip("it may cost seconds")
			}
		}
		var out strings.Builder
		_ = Work(strings.NewReader(string(in)), &out)
		d, hello := cbor.NewDecoder(strings.NewReader(out.String())), ""
		if err := d.Decode(&hello); err != nil {
			t.Fatal(err)
		}
		for range tasks {
			var r reply
			if err := d.Decode(&r); err != nil || (r.Err == "") == (r.answer == answer{}) {
				t.Fatalf("%+v, %v", r, err)
			}
		}
		if err := d.Decode(&hello); !errors.Is(err, io.EOF) {
			t.Errorf("more than %d replies", tasks)
		}
	})
}
