//go:build !linux

package cli

import (
	"errors"
	"io"
)

const apart = false

func startHashing() (io.ReadWriteCloser, error) { return nil, errors.ErrUnsupported }

func introduce() {}

func keepToOurselves() {}
