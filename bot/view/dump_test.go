package view

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/slack-go/slack"
)

// TestDump prints the gallery as text for reading by eye (VIEW_DUMP=prefix).
func TestDump(t *testing.T) {
	want := os.Getenv("VIEW_DUMP")
	if want == "" {
		t.Skip()
	}
	for _, e := range Gallery() {
		if strings.HasPrefix(e.Name, want) {
			fmt.Printf("\n=== %s\n", e.Name)
			b, _ := json.Marshal(e.View)
			var v any
			_ = json.Unmarshal(b, &v)
			if m, ok := e.View.(Message); ok {
				fmt.Printf("TEXT %q\n", m.Text)
			}
			dump(v)
		}
	}
	_ = slack.VTModal
}

func dump(v any) {
	switch v := v.(type) {
	case map[string]any:
		if v["type"] == "rich_text_section" || v["type"] == "rich_text_quote" {
			fmt.Print("  R| ")
			for _, el := range v["elements"].([]any) {
				fmt.Print(el.(map[string]any)["text"])
			}
			fmt.Println()
			return
		}
		if s, ok := v["text"].(string); ok {
			fmt.Printf("  %-6v| %s\n", v["type"], s)
		}
		if v["type"] != nil {
			if id := v["action_id"]; id != nil {
				fmt.Printf("  [%v %v %v]\n", v["type"], id, v["value"])
			}
		}
		for _, k := range []string{"title", "label", "hint", "text", "fields", "element", "placeholder", "elements", "accessory", "blocks", "Blocks", "options", "initial_option", "initial_options"} {
			if c, ok := v[k]; ok {
				dump(c)
			}
		}
	case []any:
		for _, c := range v {
			dump(c)
		}
	}
}
