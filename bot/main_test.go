package bot

import (
	"flag"
	"os"
	"testing"
)

// TestMain lets more tests run side by side than there are cores: they tell
// stories to the end and spend most of it waiting for leases and retries.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("8")
	}
	os.Exit(m.Run())
}
