package server

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// LogHandler writes a log as JSON lines, durations in seconds, each line with
// one Write as soon as it is told, so that none is lost when the process ends.
// Lines of texts and numbers, as every request's is, are written here for
// less than half of what slog's own handler costs; all others are left to that.
type LogHandler struct {
	slog.Handler
	to *oneByOne
}

// NewLogHandler makes a LogHandler for lines of at least a level.
func NewLogHandler(w io.Writer, level slog.Leveler) *LogHandler {
	to := &oneByOne{w: w}
	return &LogHandler{to: to, Handler: slog.NewJSONHandler(to, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Value.Kind() == slog.KindDuration {
				a.Value = slog.Float64Value(a.Value.Duration().Seconds())
			}
			return a
		},
	})}
}

// oneByOne lets one line be written after the other, whoever wrote it.
type oneByOne struct {
	mu sync.Mutex
	w  io.Writer
}

// Write implements io.Writer.
func (o *oneByOne) Write(line []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.w.Write(line)
}

// Handle implements slog.Handler.
func (h *LogHandler) Handle(ctx context.Context, r slog.Record) error {
	line := make([]byte, 0, 512) // most fit
	line = append(line, `{"time":"`...)
	line = r.Time.AppendFormat(line, time.RFC3339Nano)
	line = append(line, `","level":"`...)
	line = append(line, r.Level.String()...)
	line = append(line, '"')
	line, plain := appendAttr(line, slog.String(slog.MessageKey, r.Message))
	r.Attrs(func(a slog.Attr) bool {
		if plain {
			line, plain = appendAttr(line, a)
		}
		return plain
	})
	if !plain || r.Time.IsZero() {
		return h.Handler.Handle(ctx, r)
	}
	_, err := h.to.Write(append(line, "}\n"...))
	return err
}

// appendAttr appends a member that is a text or a number; false for others,
// and for text that is no UTF-8.
func appendAttr(line []byte, a slog.Attr) ([]byte, bool) {
	line, err := jsontext.AppendQuote(append(line, ','), a.Key)
	if err != nil || a.Key == "" {
		return line, false
	}
	line = append(line, ':')
	switch a.Value.Kind() {
	case slog.KindString:
		line, err = jsontext.AppendQuote(line, a.Value.String())
	case slog.KindInt64:
		line = strconv.AppendInt(line, a.Value.Int64(), 10)
	case slog.KindDuration:
		line = strconv.AppendFloat(line, a.Value.Duration().Seconds(), 'f', -1, 64)
	default:
		return line, false
	}
	return line, err == nil
}
