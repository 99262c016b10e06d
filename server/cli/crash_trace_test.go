package cli_test

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// crashCalls are the calls that change files, give files numbers, or send an
// answer.
const crashCalls = "openat,close,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir"

// crashRecorder is what goes in front of a command to have its calls recorded.
// With -D the command, not strace, is the child. With -Y each thread tells its
// name, by which those of the hashing processes, whose files have numbers of
// their own, are told from the server's.
func crashRecorder(strace, log string) []string {
	return []string{strace, "-D", "-f", "-Y", "-q", "-o", log, "-xx", "-s", "1000000", "-e", "signal=KILL", "-e", "trace=" + crashCalls}
}

// crashCall is one step of a system call: its begin, or its end, or both.
type crashCall struct {
	thread     string
	name       string
	args       string // as strace writes them; at the begin
	result     int
	begin, end bool
}

var (
	crashWhole   = regexp.MustCompile(`^(\d+)<[^>]*> +(\w+)\((.*)\) += (-?\d+)`)
	crashBegun   = regexp.MustCompile(`^(\d+)<[^>]*> +(\w+)\((.*?),? *<unfinished \.\.\.>$`)
	crashHashing = regexp.MustCompile(`^\d+<(` + regexp.QuoteMeta(crashHex("exe")) + `|` + regexp.QuoteMeta(crashHex("kunci-hashing")) + `)> `)
	crashResumed = regexp.MustCompile(`^(\d+)<[^>]*> +<\.\.\. (\w+) resumed>.*\) += (-?\d+)`)
)

// crashHex is text as strace writes it.
func crashHex(text string) (hex string) {
	for _, b := range []byte(text) {
		hex += fmt.Sprintf(`\x%02x`, b)
	}
	return hex
}

// crashRead reads a recording. The lines are in the order in which strace saw
// the calls begin and end, and no thread goes on before it has seen that.
func crashRead(log string) (calls []crashCall, err error) {
	f, err := os.Open(log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		line := lines.Text()
		if crashHashing.MatchString(line) {
			continue
		}
		if m := crashWhole.FindStringSubmatch(line); m != nil {
			result, _ := strconv.Atoi(m[4])
			calls = append(calls, crashCall{thread: m[1], name: m[2], args: m[3], result: result, begin: true, end: true})
		} else if m := crashBegun.FindStringSubmatch(line); m != nil {
			calls = append(calls, crashCall{thread: m[1], name: m[2], args: m[3], begin: true})
		} else if m := crashResumed.FindStringSubmatch(line); m != nil {
			result, _ := strconv.Atoi(m[3])
			calls = append(calls, crashCall{thread: m[1], name: m[2], result: result, end: true})
		} else if !strings.Contains(line, "+++") && !strings.Contains(line, " = ?") {
			return nil, fmt.Errorf("a line of strace that nobody understands: %.200s", line)
		}
	}
	return calls, lines.Err()
}

// arg is one argument, counted from 0.
func (c *crashCall) arg(n int) string {
	rest := c.args
	for ; n > 0; n-- {
		_, rest, _ = strings.Cut(rest, ", ")
	}
	value, _, _ := strings.Cut(rest, ", ")
	return value
}

func (c *crashCall) number(n int) int {
	i, err := strconv.Atoi(c.arg(n))
	if err != nil {
		panic(fmt.Sprintf("%s: argument %d is no number: %.100s", c.name, n, c.args))
	}
	return i
}

// text is an argument that strace wrote as "\x2f\x65…".
func (c *crashCall) text(n int) string {
	raw, whole := strings.CutSuffix(strings.TrimPrefix(c.arg(n), `"`), `"`)
	bytes, err := hex.DecodeString(strings.ReplaceAll(raw, `\x`, ""))
	if err != nil || !whole {
		panic(fmt.Sprintf("%s: argument %d is no text: %.100s", c.name, n, c.args))
	}
	return string(bytes)
}
