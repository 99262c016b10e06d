package auth_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"kunci/server/auth"
)

// importFile is so many rows of NDJSON with bcrypt hashes.
func importFile(n int) *bytes.Buffer {
	var b bytes.Buffer
	for i := range n {
		id := uuid.New()
		_, _ = fmt.Fprintf(&b, `{"email":"user.%x@example.com","username":"user.%d","name":"Siti Rahma","phone":"+62 812 %d","uuid":%q,"password_hash":"$2y$10$92IXUNpkjO0rOQ5byMi.Ye4oKoEa3Ro9llC/.og/at2.uheWG/igi","created":"2021-05-06T07:08:09Z"}`+"\n", id[:6], i, i, id)
	}
	return &b
}

func BenchmarkImport(b *testing.B) {
	const rows = 100_000
	file := importFile(rows).Bytes()
	for _, again := range []bool{false, true} {
		b.Run(fmt.Sprintf("again=%v", again), func(b *testing.B) {
			h := newHouse(b)
			for b.Loop() {
				if !again {
					h = newHouse(b)
				}
				report, err := h.op.Import(b.Context(), bytes.NewReader(file), auth.Import{Format: auth.ImportNDJSON}, func(auth.ImportNews) error { return nil })
				if err != nil || report.Imported+report.There != rows {
					b.Fatal(report, err)
				}
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
