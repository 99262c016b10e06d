package cli

import (
	"fmt"
	"time"

	"kunci/db"
	"kunci/server/ctl"
)

// checked shows how far a check has come: a part of the pages, then how many
// records, of which nobody knows beforehand how many there are.
func (b *bar) checked(c ctl.Checked) {
	beside := "of the pages"
	if b.total = c.Of; c.Records > 0 {
		b.total, beside = 0, fmt.Sprintf("%d records", c.Records)
	}
	b.reach(c.Pages, beside)
}

// watching calls show as often as a bar is drawn until an act has come to its end.
func watching(show func(), act func() error) error {
	done := make(chan error, 1)
	go func() { done <- act() }()
	every := time.NewTicker(barEvery)
	defer every.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-every.C:
			show()
		}
	}
}

// check checks a store of this process, under a bar, but for its audit log:
// damage there must keep nobody from a copy of the data.
func (b *bar) check(s *db.Store) (faults []string, err error) {
	progress := new(db.Progress)
	err = watching(func() {
		b.checked(ctl.Checked{Pages: progress.Pages.Load(), Of: progress.Of.Load(), Records: progress.Records.Load()})
	}, func() (err error) {
		faults, _, err = s.CheckApart(progress)
		return err
	})
	return faults, err
}
