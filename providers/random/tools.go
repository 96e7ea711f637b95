//go:build tools

// Package tools pins the random provider so that go.sum covers everything its
// build needs: the provider is built from the Go module proxy, not downloaded.
package tools

import _ "github.com/terraform-providers/terraform-provider-random"
