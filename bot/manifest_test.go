package bot

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/handlers"
)

func TestSlackTakesEveryManifest(t *testing.T) {
	for name, o := range map[string]ManifestOptions{
		"socket":        {Mode: ModeSocket},
		"http":          {Mode: ModeHTTP, PublicURL: "https://gatehouse.example.com"},
		"slash, lookup": {Mode: ModeHTTP, PublicURL: "https://gatehouse.example.com/slack-bot/", Commands: map[handlers.Command]string{handlers.CommandChange: "/chg"}, Lookup: true},
	} {
		fake, err := slackfake.New(slackfake.Config{})
		if err != nil {
			t.Fatal(err)
		}
		manifest, err := Manifest(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := fake.Install(manifest); err != nil { // refuses what Slack would refuse, and records it for the outside check
			t.Errorf("%s: %v", name, err)
		}
		text := string(manifest)
		if has := strings.Contains(text, "https://"); has != (o.Mode == ModeHTTP) {
			t.Errorf("%s: addresses in the manifest: %v", name, has)
		}
		if strings.Contains(text, "com//") || strings.Contains(text, "bot//") {
			t.Errorf("%s: a doubled slash in an address:\n%s", name, text)
		}
		if has := strings.Contains(text, "channels:history"); has != o.Lookup {
			t.Errorf("%s: asks for history: %v", name, has)
		}
		fake.Close()
	}
}

func TestAManifestThatCouldNotWorkIsNotMade(t *testing.T) {
	for _, o := range []ManifestOptions{
		{Mode: ModeHTTP},
		{Mode: ModeHTTP, PublicURL: "gatehouse.example.com"},
		{Mode: ModeHTTP, PublicURL: "ftp://gatehouse.example.com"},
		{Mode: ModeSocket, Commands: map[handlers.Command]string{handlers.CommandGatehouse: "gatehouse"}},
	} {
		if manifest, err := Manifest(o); err == nil || !strings.Contains(err.Error(), "should look like") {
			t.Errorf("%+v: %v\n%s", o, err, manifest)
		}
	}
}

func TestTheLinkCarriesTheWholeManifest(t *testing.T) {
	manifest, err := Manifest(ManifestOptions{Mode: ModeSocket})
	if err != nil {
		t.Fatal(err)
	}
	link, err := url.Parse(ManifestLink(manifest))
	if err != nil || link.Host != "api.slack.com" || link.Query().Get("new_app") != "1" {
		t.Fatalf("%v %v", link, err)
	}
	var want, got any
	_ = json.Unmarshal(manifest, &want)
	if err := json.Unmarshal([]byte(link.Query().Get("manifest_json")), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := len(link.String()); n > 8000 {
		t.Errorf("the link has %d characters; browsers and servers stop at about 8,000", n)
	}
}
