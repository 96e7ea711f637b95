//go:build tools

// Package tools pins OpenTofu's command so that go.sum covers its whole build.
package tools

import _ "github.com/opentofu/opentofu/cmd/tofu"
