package auth

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"kunci/db"
)

const (
	// importAtOnce is how many rows are judged and written together. One batch
	// is read while another is written, so that memory holds three at most.
	importAtOnce = 10_000
	// importWrapsAtOnce bounds a batch by its fast hashes, each of which costs
	// what a sign-in does: what a cut-off import has hashed in vain is seconds.
	importWrapsAtOnce = 200
	// importWithin is about how long one commit keeps a live server's writes
	// waiting.
	importWithin = 200 * time.Millisecond
)

// Import is how accounts of another system are read.
type Import struct {
	Format string `json:"format"` // ImportNDJSON or ImportCSV
	DryRun bool   `json:"dry_run"`
}

// The formats.
const (
	ImportNDJSON = "ndjson"
	ImportCSV    = "csv"
)

// Import makes accounts of the rows of another system's list. Each row stands
// or falls alone, with the company, division and role that it names, which are
// made where they are missing; it never changes an account that stands.
//
// A row counts as there already where the account of its UUID has its e-mail,
// and its id if it gives one. A row that gives no UUID gets one that is made of
// its other values, so that the same row has the same UUID in the next run,
// whatever became of the account since.
//
// An error ends it; the batches before it stand, and the report tells of
// them. Errors are of Kind Invalid with Reason "columns" where nothing is
// written, of Kind Malformed where the file can't be read on; tell's own; those
// of the store; and the context's.
func (o Operator) Import(ctx context.Context, from io.Reader, how Import, tell func(ImportNews) error) (_ *ImportReport, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	im := &importer{Operator: o, dry: how.DryRun, now: o.now(), claims: newClaims(), book: new(book), report: &ImportReport{
		InFile: map[string]int64{}, InStore: map[string]int64{}, Hashes: map[string]int64{},
	}}
	source := &counted{from: from}
	rows, err := newRowReader(source, how.Format)
	if err != nil {
		return im.report, err
	}
	if !im.dry {
		if err := im.begin(ctx, im.entry(eventImport)); err != nil {
			return im.report, err
		}
	}
	defer func() { im.tellAudit(context.WithoutCancel(ctx), err) }()
	batches := make(chan batch, 1)
	go im.decode(ctx, rows, source, batches)
	for more := true; more; {
		var b batch
		select {
		case b, more = <-batches:
		case <-ctx.Done(): // who reads may wait for ever
		}
		if err := cmp.Or(ctx.Err(), im.deal(ctx, b, tell)); err != nil {
			return im.report, err
		}
	}
	if im.report.Rows == 0 {
		return im.report, fileFault(errors.New("it holds no accounts"))
	}
	return im.report, im.measured(ctx)
}

// importer is an import under way.
type importer struct {
	Operator
	dry    bool
	now    db.Time
	claims *claims
	book   *book
	lastID uint64 // the highest there is, or would be
	faults []RowFault
	report *ImportReport
}

// batch is rows that are judged and written together, and why none come after.
type batch struct {
	rows []*importRow
	read int64
	err  error
}

// decode reads batches ahead.
func (im *importer) decode(ctx context.Context, rows rowReader, source *counted, out chan<- batch) {
	defer close(out)
	maker := newRowMaker(im.Store.Info().Instance, im.now)
	for ended := false; !ended; {
		b := batch{rows: make([]*importRow, 0, importAtOnce)}
		for wraps := 0; len(b.rows) < importAtOnce && wraps < importWrapsAtOnce && !ended; {
			var r *importRow
			if r, b.err = rows.next(); b.err != nil {
				ended = true
				break
			}
			if maker.finish(ctx, r); r.wrap {
				wraps++
			}
			b.rows = append(b.rows, r)
		}
		b.read = source.read
		select {
		case out <- b:
		case <-ctx.Done():
			return
		}
	}
}

// deal has a batch settled, and tells of it.
func (im *importer) deal(ctx context.Context, b batch, tell func(ImportNews) error) error {
	if im.report.Rows == 0 {
		if err := unknownColumns(b.rows); err != nil {
			return err
		}
	}
	if len(b.rows) > 0 {
		err := im.settle(ctx, b.rows)
		slices.SortStableFunc(im.faults, func(a, b RowFault) int { return cmp.Compare(a.Line, b.Line) })
		err = errors.Join(err, tell(ImportNews{Refused: im.faults, Rows: im.report.Rows, Bytes: b.read}))
		im.faults = nil
		if err != nil {
			return err
		}
	}
	if errors.Is(b.err, io.EOF) {
		return nil
	}
	return b.err
}

// settle deals with a batch: what is refused or there already is counted, the
// rest stands afterwards, but in a dry run.
func (im *importer) settle(ctx context.Context, rows []*importRow) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var fresh []*importRow
	err := im.Store.View(func(v db.View) (err error) {
		im.book.open()
		fresh, err = im.judge(v, rows)
		return err
	})
	if err != nil {
		return err
	}
	if im.dry {
		im.book.settled(im.report)
	} else if err := im.write(ctx, fresh); err != nil {
		return err
	}
	for _, r := range fresh {
		if r.faults == nil {
			im.report.imported(r)
		} else {
			im.refuse(r)
		}
	}
	im.report.Rows += int64(len(rows))
	return nil
}

func (im *importer) write(ctx context.Context, fresh []*importRow) error {
	if len(fresh) == 0 {
		return nil
	}
	if err := im.wrap(ctx, fresh); err != nil {
		return err
	}
	if err := im.foresee(ctx, fresh); err != nil {
		return err
	}
	for places := 1; ; places++ {
		again, err := im.load(ctx, fresh)
		if len(again) == 0 || places == importPlaces {
			return err
		}
		fresh = again
	}
}
