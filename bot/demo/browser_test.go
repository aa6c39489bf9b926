package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
)

// TestAPersonRaisesApprovesAndCarriesOutInABrowser plays the demo the way its
// own hints say, in a real browser, clicking what a person would click.
func TestAPersonRaisesApprovesAndCarriesOutInABrowser(t *testing.T) {
	for _, mode := range []string{"socket", "http"} {
		t.Run(mode, func(t *testing.T) {
			began := time.Now()
			base := startDemo(t, mode)
			b := openBrowser(t, base)

			b.play("U0ANA")
			b.open("changes")
			b.command("/change new")
			b.fill("title", "Read tracking from the replica")
			b.choose("services", "parcel")
			b.fill("plan", "Point the read pool at the replica.")
			b.fill("check", "Scans on the page are not older than 30 s.")
			b.fill("rollback", "When the lag exceeds 30 s: point the pool back (1 minute).")
			b.choose("users", "one team")
			b.choose("rehearsed", "yes")
			b.choose("rollback_tested", "yes")
			b.choose("reversible", "yes")
			b.choose("done_before", "five")
			b.choose("environment", "production") // what is typed takes the place of what was chosen
			b.click(`[data-testid="modal-submit"]`)
			b.sees("“Read tracking from the replica” is raised")
			id := b.raised("Read tracking from the replica")
			b.sees("Awaiting approval · " + id)
			t.Logf("from start to the first card: %s", time.Since(began).Round(100*time.Millisecond))

			// Nobody approves their own.
			b.press(id, "change.approve")
			b.sees("so someone else must decide")

			approver := b.approver(id)
			b.play(approver)
			b.openApp()
			b.press(id, "change.approve")
			b.sees("it was the last one needed")

			b.play("U0ANA")
			b.open("changes")
			b.sees("Approved · " + id)
			b.press(id, "change.start")
			b.sees("Its window opens in")
			b.jump("jump-hour")
			b.press(id, "change.start")
			b.sees("In progress · " + id)
			b.press(id, "change.complete")
			b.tick("Successful")
			b.click(`[data-testid="modal-submit"]`)
			b.sees("is completed: successful")
			b.sees("Closed, successful · " + id)
			b.noErrors()
		})
	}
}

// TestARedrawLeavesWhatIsHalfTyped: an answer that draws a form anew takes
// neither the focus nor what stands in an open select but is not chosen yet.
func TestARedrawLeavesWhatIsHalfTyped(t *testing.T) {
	b := openBrowser(t, startPage(t))
	b.do("draw a field", run(`Promise.all([import('/js/dom.js'), import('/js/select.js')]).then(([{ patch }, { select }]) => {
		const form = document.body.appendChild(document.createElement('div'));
		const options = ['Production', 'Staging'].map((text) => ({ key: text, text }));
		const field = () => select({ source: async (query) => [{ options: options.filter((o) => o.text.includes(query)) }], chosen: [options[0]], label: 'Environment', onChange: () => true, data: { actionId: 'environment', blockId: 'environment' } });
		const line = (id) => ({ id, stamp: id, make: () => document.createElement('p') });
		window.redraw = (stamp, ...lines) => patch(form, [...lines.map(line), { id: 'environment', stamp, make: field }]);
		redraw('first', 'one', 'two');
		window.box = () => form.querySelector('input');
		box().focus();
		box().click();
	})`))
	b.until("the list", `window.box?.().ariaExpanded === 'true'`)
	b.do("type", chromedp.KeyEvent("Stag"))
	for _, redraw := range []struct{ what, js string }{
		{"a line before it goes", `redraw('first', 'two')`},
		{"a line before it comes", `redraw('first', 'three', 'two')`},
		{"the field itself changes", `redraw('second', 'two')`},
	} {
		b.do(redraw.what, run(redraw.js))
		b.until(redraw.what+", and what was typed is left", `document.activeElement === box() && box().value === 'Stag' && box().ariaExpanded === 'true' && document.querySelectorAll('[role=option]').length === 1`)
	}
	b.do("take it", chromedp.KeyEvent(kb.Enter))
	b.until("the choice", `document.querySelector('[data-action-id="environment"]').dataset.chosen === 'Staging'`)
	b.noErrors()
}

// TestNothingCoversAnEntryOfTheSidebar: who comes back from the last entry finds
// the first where it can be pressed, and each person begins at the first.
func TestNothingCoversAnEntryOfTheSidebar(t *testing.T) {
	b := openBrowser(t, startPage(t))
	b.do("make the window low", chromedp.EmulateViewport(1280, 600))
	b.play("U0ANA")
	last := func() {
		b.until("the last entry in view", `(last => {
			last?.scrollIntoView({ block: 'nearest', behavior: 'instant' });
			return last?.closest('.side-lists').scrollTop > 0;
		})([...document.querySelectorAll('.side-entry')].at(-1))`)
	}
	last()
	b.open("changes")
	last()
	b.play("U0FAY")
	b.until("the lists from their start", `document.querySelector('.side-lists').scrollTop === 0`)
	b.noErrors()
}

// startPage serves the page alone, without Gatehouse behind it, until the test ends.
func startPage(t *testing.T) string {
	t.Helper()
	fake, err := slackfake.New(slackfake.Config{Users: staff(), Channels: channels()})
	if err != nil {
		t.Fatal(err)
	}
	base, stop, err := fake.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return base
}

// startDemo runs the demo until the test ends, and checks that it ends cleanly.
func startDemo(t *testing.T, mode string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan string, 1), make(chan error, 1)
	var out bytes.Buffer
	go func() {
		ended <- Run(ctx, Options{Addr: "127.0.0.1:0", Mode: mode, Out: &out, Ready: func(base string) { ready <- base }})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the demo ended with: %v", err)
		}
		if !strings.Contains(out.String(), "Ctrl-C ends it") {
			t.Errorf("the demo did not say how to end it:\n%s", out.String())
		}
	})
	select {
	case base := <-ready:
		return base
	case err := <-ended:
		ended <- err
		t.Fatalf("the demo did not start: %v\n%s", err, out.String())
	case <-time.After(2 * time.Minute):
		t.Fatal("the demo was not ready within two minutes")
	}
	return ""
}

// browser is a person in front of the demo's page.
type browser struct {
	t    *testing.T
	ctx  context.Context
	base string
}

func openBrowser(t *testing.T, base string) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 900),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 6*time.Minute)
	t.Cleanup(cancel)
	b := &browser{t, ctx, base}
	err := chromedp.Do(ctx, chromedp.Navigate(base), chromedp.WaitVisible(chromedp.CSS(`[data-testid="composer"]`)),
		run(`window.troubles = [], window.addEventListener('error', (e) => troubles.push(e.message)), window.addEventListener('unhandledrejection', (e) => troubles.push(String(e.reason)))`))
	if err != nil {
		t.Fatalf("open the page (is Chromium installed? .ci/setup installs it): %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			b.screenshot("failed")
		}
	})
	return b
}

// run evaluates a script for what it does.
func run(script string) chromedp.Action[chromedp.Void] {
	return chromedp.Evaluate[chromedp.Void](`void (` + script + `)`)
}

// do runs steps with a limit of their own, so that a missing button is named.
func (b *browser) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 60*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v\nThe page says:\n%s", what, err, b.text())
	}
}

// click presses what stands in the middle of an element once nothing covers it,
// in one step of the page: it may be drawn anew between two.
func (b *browser) click(selector string) {
	b.t.Helper()
	b.until("click "+selector, fmt.Sprintf(`((node) => {
		node?.scrollIntoView({ block: 'nearest', behavior: 'instant' });
		const box = node?.getBoundingClientRect();
		const top = box && document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
		if (!top || !node.contains(top)) return false;
		top.click();
		return true;
	})(document.querySelector(%q))`, selector))
}

// until waits until the page answers yes.
func (b *browser) until(what, js string) {
	b.t.Helper()
	if err := b.poll(js, 55*time.Second); err != nil {
		b.t.Fatalf("wait for %s: %v\nThe page says:\n%s", what, err, b.text())
	}
}

func (b *browser) poll(js string, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(b.ctx, limit+5*time.Second)
	defer cancel()
	return chromedp.Do(ctx, chromedp.Poll[chromedp.Void](js, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(limit)))
}

func (b *browser) sees(words string) {
	b.t.Helper()
	b.until(words, fmt.Sprintf(`document.body.innerText.includes(%q)`, words))
}

func (b *browser) play(user string) {
	b.t.Helper()
	b.click(`[data-testid="persona-` + user + `"]`)
	i := slices.IndexFunc(people, func(p slackfake.User) bool { return p.ID == user })
	b.until("playing "+user, fmt.Sprintf(`document.querySelector('[data-testid="me"]').innerText.includes(%q)`, people[i].RealName))
}

func (b *browser) open(channel string) {
	b.t.Helper()
	b.click(`[data-testid="channel-` + channel + `"]`)
	b.until("#"+channel, fmt.Sprintf(`document.querySelector('[data-testid="composer"]')?.placeholder === 'Message #%s'`, channel))
}

// openApp opens the messages that Gatehouse sent to the person.
func (b *browser) openApp() {
	b.t.Helper()
	b.until("the app in the sidebar", `!!document.querySelector('[data-testid^="channel-gatehouse" i]')`)
	b.click(`[data-testid^="channel-gatehouse" i]`)
}

func (b *browser) command(text string) {
	b.t.Helper()
	b.do("type "+text, chromedp.SendKeys(chromedp.CSS(`[data-testid="composer"]`), text+kb.Enter),
		chromedp.WaitVisible(chromedp.CSS(`[data-testid="modal"] [data-action-id="title"]`)))
}

// fill types into a field of the form, from the start again when the form was
// drawn anew just then.
func (b *browser) fill(action, text string) {
	b.t.Helper()
	field := `[data-testid="modal"] [data-action-id="` + action + `"]`
	for range 5 {
		ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
		err := chromedp.Do(ctx, run(fmt.Sprintf(`document.querySelector(%q)?.select()`, field)), chromedp.SendKeys(chromedp.CSS(field), text))
		cancel()
		if got, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](fmt.Sprintf(`document.querySelector(%q)?.value ?? ''`, field))); err == nil && got == text {
			return
		}
		b.t.Logf("fill %s once more: %v", action, err)
	}
	b.t.Fatalf("fill %s: the page does not take it\n%s", action, b.text())
}

// choose opens a menu of the form, types a part of an option and takes it; from
// the start again, and saying what was there, when the page did not offer it.
func (b *browser) choose(field, part string) {
	b.t.Helper()
	menu := `[data-testid="modal"] [data-block-id="` + field + `"][data-action-id]`
	offered := fmt.Sprintf(`[...document.querySelectorAll('[role=option]')].some((o) => o.innerText.toLowerCase().includes(%q))`, part)
	for range 3 {
		// Not by its place on the screen: an answer to the choice before may just then move the form.
		b.until("the field "+field, fmt.Sprintf(`!!document.querySelector(%q)`, menu))
		b.do("open "+field, run(fmt.Sprintf(`(box => { box.scrollIntoView({ block: 'center', behavior: 'instant' }); box.blur(); box.focus(); box.click(); })(document.querySelector(%q).querySelector('input'))`, menu)),
			chromedp.KeyEvent(part))
		if err := b.poll(offered, 10*time.Second); err == nil {
			b.do("choose "+part, chromedp.KeyEvent(kb.Enter))
			b.until("the choice "+part, fmt.Sprintf(`!!document.querySelector(%q).dataset.chosen`, menu))
			return
		}
		state, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](fmt.Sprintf(`((menu, box) => JSON.stringify({
			chosen: menu.dataset.chosen, typed: box.value, caret: [box.selectionStart, box.selectionEnd], open: box.ariaExpanded,
			list: document.getElementById(box.getAttribute('aria-controls'))?.innerText,
			focus: document.activeElement.outerHTML.slice(0, 200), window: document.hasFocus(),
		}))(document.querySelector(%q), document.querySelector(%q).querySelector('input'))`, menu, menu)))
		b.t.Logf("choose %s once more: %s %v", field, state, err)
	}
	b.t.Fatalf("choose %s: the page does not offer %s\n%s", field, part, b.text())
}

// tick takes a radio button of the form by its label.
func (b *browser) tick(label string) {
	b.t.Helper()
	find := fmt.Sprintf(`[...document.querySelectorAll('[data-testid="modal"] label')].find((l) => l.innerText.trim() === %q)`, label)
	b.until("the choice "+label, `!!(`+find+`)`)
	b.do("tick "+label, run(find+`.click()`))
}

// press clicks a button of the newest message about a change, and confirms.
func (b *browser) press(id, action string) {
	b.t.Helper()
	find := fmt.Sprintf(`[...document.querySelectorAll('[data-testid="message"]')].reverse().find((m) => m.innerText.includes(%q) && m.querySelector('[data-action-id=%q]'))?.querySelector('[data-action-id=%q]')`, id, action, action)
	b.until(action+" on "+id, `!!(`+find+`)`)
	b.do("press "+action, run(find+`.click()`))
}

func (b *browser) jump(how string) {
	b.t.Helper()
	const clock = `document.querySelector('[data-testid="clock"]').innerText`
	before, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](clock))
	if err != nil {
		b.t.Fatalf("read the clock: %v", err)
	}
	b.click(`[data-testid="clock"]`)
	b.click(`[data-testid="` + how + `"]`)
	b.until("the clock to move", fmt.Sprintf(`%s !== %q`, clock, before))
}

// raised is the number that the change with this title was given.
func (b *browser) raised(title string) string {
	b.t.Helper()
	id, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](fmt.Sprintf(`document.body.innerText.match(/(CHG-\d+) “%s”/)?.[1] ?? ''`, title)))
	if err != nil || id == "" {
		b.t.Fatalf("read the number of %q: %v\n%s", title, err, b.text())
	}
	return id
}

// approver is who was asked to decide, by their unread message from Gatehouse.
func (b *browser) approver(id string) string {
	b.t.Helper()
	user, err := chromedp.Run(b.ctx, chromedp.Poll[string](fmt.Sprintf(`(async () => {
		const me = (await (await fetch('/_fake/state')).json());
		for (const u of me.users) {
			const state = await (await fetch('/_fake/state?user=' + u.id)).json();
			const im = (state.channels ?? []).find((c) => c.kind === 'im' && c.user === state.app.bot_user);
			if (!im || u.id === 'U0ANA') continue;
			const { messages } = await (await fetch('/_fake/messages?user=' + u.id + '&channel=' + im.id)).json();
			if ((messages ?? []).some((m) => JSON.stringify(m).includes(%q))) return u.id;
		}
		return '';
	})()`, id), chromedp.WithPollingInterval(200*time.Millisecond), chromedp.WithPollingTimeout(55*time.Second)))
	if err != nil {
		b.t.Fatalf("look who was asked: %v", err)
	}
	return user
}

func (b *browser) noErrors() {
	b.t.Helper()
	troubles, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`window.troubles`))
	if err != nil || len(troubles) > 0 {
		b.t.Errorf("the page had errors: %s (%v)", strings.Join(troubles, "; "), err)
	}
}

func (b *browser) text() string {
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return text
}

func (b *browser) screenshot(name string) {
	if png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot()); err == nil {
		b.keep(name, png)
	}
}

// keep leaves a picture that outlives the test, in a file of this run alone.
func (b *browser) keep(name string, png []byte) {
	b.t.Helper()
	file, err := os.CreateTemp("", "gatehouse-"+name+"-*.png")
	if err != nil {
		b.t.Logf("keep what the page looked like: %v", err)
		return
	}
	_, err = file.Write(png)
	if err := errors.Join(err, file.Close()); err != nil {
		b.t.Logf("keep what the page looked like: %v", err)
		return
	}
	b.t.Logf("what the page looked like: %s", file.Name())
}
