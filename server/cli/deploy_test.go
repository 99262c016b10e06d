package cli_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shown is what README shows in blocks of a kind.
func shown(t *testing.T, kind string) (blocks []string) {
	t.Helper()
	text := string(done(os.ReadFile(readme))(t))
	for _, m := range regexp.MustCompile("(?s)```"+kind+"\n(.*?)```\n").FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, m[1])
	}
	return blocks
}

// needs skips a test where a tool is missing, or fails it where all should be.
func needs(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err == nil {
			continue
		}
		if os.Getenv("TEST_TOOLS") != "" {
			t.Fatalf("%s is not on this machine", name)
		}
		t.Skipf("%s is not on this machine", name)
	}
}

// The units that README shows are what systemd takes without a word, and let a
// server do little.
func TestUnits(t *testing.T) {
	t.Parallel()
	needs(t, "systemd-analyze")
	dir, binary := t.TempDir(), done(exec.LookPath("kunci"))(t)
	var paths []string
	for _, unit := range shown(t, "ini") {
		name, _, _ := strings.Cut(strings.TrimPrefix(unit, "# /etc/systemd/system/"), "\n")
		if !strings.HasPrefix(name, "kunci") {
			t.Fatalf("README does not say where %q goes", name)
		}
		paths = append(paths, filepath.Join(dir, name))
		text := strings.ReplaceAll(unit, "/usr/local/bin/kunci", binary)
		if err := os.WriteFile(paths[len(paths)-1], []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if len(paths) != 3 {
		t.Fatalf("README shows %d units", len(paths))
	}
	analyze := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("systemd-analyze", args...).CombinedOutput(); err != nil || args[0] == "verify" && len(out) > 0 {
			t.Errorf("systemd-analyze %v: %v\n%s", args[:2], err, out)
		}
	}
	analyze(append([]string{"verify", "--man=no"}, paths...)...)
	analyze("security", "--offline=true", "--threshold=20", "--no-pager", paths[0]) // 2 of 10
}

// containerfile is what README's says of the last stage.
type containerfile struct {
	env                []string
	uid, gid           int
	state              string
	entry, run, health []string
}

func readContainerfile(t *testing.T) (c containerfile) {
	t.Helper()
	blocks := shown(t, "dockerfile")
	if len(blocks) != 1 {
		t.Fatalf("README shows %d containerfiles", len(blocks))
	}
	_, last, _ := strings.Cut(blocks[0], "FROM scratch\n")
	for line := range strings.Lines(last) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		list := func() (l []string) {
			if err := json.Unmarshal([]byte(strings.TrimPrefix(rest, "CMD ")), &l); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			return l
		}
		switch word {
		case "ENV":
			c.env = append(c.env, strings.Fields(rest)...)
		case "USER":
			uid, gid, _ := strings.Cut(rest, ":")
			c.uid, c.gid = done(strconv.Atoi(uid))(t), done(strconv.Atoi(gid))(t)
		case "VOLUME":
			c.state = rest
		case "ENTRYPOINT":
			c.entry = list()
		case "CMD":
			c.run = list()
		case "HEALTHCHECK":
			c.health = list()
		case "COPY":
			if !regexp.MustCompile(`^--from=build (--chown=65532:65532 )?/\S+ /\S+$`).MatchString(rest) {
				t.Errorf("COPY %s", rest)
			}
		default:
			t.Errorf("README's containerfile has %q, which is not looked at here", word)
		}
	}
	return c
}

// The image that README describes works: alone in a root folder, as its user,
// as the first process, with what a container engine adds.
func TestContainer(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("it needs root")
	}
	c, root := readContainerfile(t), t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(root, "kunci"), "kunci")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	state := filepath.Join(root, c.state)
	if err := os.Mkdir(state, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{os.Chmod(root, 0o755), os.Chmod(filepath.Dir(root), 0o755), os.Chmod(filepath.Join(root, "kunci"), 0o755), os.Chown(state, c.uid, c.gid)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	inside := func(flags uintptr, args []string) *exec.Cmd {
		return &exec.Cmd{
			Path: args[0], Args: args, Dir: "/", Env: append(c.env, "KUNCI_LISTEN=127.0.0.1:0", "KUNCI_PUBLIC_URL="+publicURL),
			SysProcAttr: &syscall.SysProcAttr{
				Chroot: root, Credential: &syscall.Credential{Uid: uint32(c.uid), Gid: uint32(c.gid)}, Cloneflags: flags,
			},
		}
	}
	p := launch(t, inside(syscall.CLONE_NEWPID, append(c.entry, c.run...)))
	p.says(t, "ready: the store reads and writes")
	if out, err := inside(0, c.health).CombinedOutput(); err != nil || string(out) != "ready\n" {
		t.Errorf("healthcheck: %v %s", err, out)
	}
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM} {
		if err := p.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond) // the first must not end it
	}
	if err := p.end(t); err != nil || !strings.Contains(p.text(), `"msg":"stopped"`) || !strings.Contains(p.text(), "SIGHUP: nothing to reload") {
		t.Errorf("%v\n%s", err, p.text())
	}
	if out, err := inside(0, c.health).CombinedOutput(); err == nil {
		t.Errorf("healthcheck of a server that has ended: %s", out)
	}
}
