package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehousehq/gatehouse/bot"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/files"
	"github.com/gatehousehq/gatehouse/models/store"
)

func policyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "Check an approval policy, try it on what is stored, or show the one in force"}
	cmd.AddCommand(policyValidate(), policyReplay(), policyShow())
	return cmd
}

func policyValidate() *cobra.Command {
	return &cobra.Command{
		Use: "validate FILE", Short: "Say what is wrong with a policy file, by line", Args: cobra.ExactArgs(1),
		Long: "Read a policy file as Gatehouse does at start, and name every fault with its\nline. Rules that can never match are pointed out, too. Nothing is changed; no\ndatabase is needed. Exits with 1 when the file would be refused.",
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := policyFile(args[0])
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			_, _ = fmt.Fprintf(out, "%s: version %d is in order: %d rules, %d additions; every change is covered.\n", args[0], p.Version, len(p.Rules), len(p.Additions))
			for _, i := range p.Idle() {
				_, _ = fmt.Fprintf(out, "note: rule %d, %q, never matches: those before it cover everything that it does\n", i+1, p.Rules[i].Name)
			}
			return nil
		},
	}
}

func policyFile(path string) (models.Policy, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return models.Policy{}, fmt.Errorf("read the policy file: %w", err)
	}
	p, err := files.Policy(source)
	if err != nil {
		return p, fmt.Errorf("%s would be refused:\n%w", path, err)
	}
	return p, nil
}

// beside opens the database of the configuration to read, next to a serving process.
func beside(cmd *cobra.Command, fn func(*store.Store, models.WorkspaceID) error) error {
	return opened(cmd, store.Options{ReadOnly: true}, fn)
}

// opened opens the database of the configuration for fn.
func opened(cmd *cobra.Command, o store.Options, fn func(*store.Store, models.WorkspaceID) error) (err error) {
	config, _ := bot.LoadConfig() // Slack's settings are not needed here
	o.URL = config.StoreURL()
	s, err := store.Open(cmd.Context(), o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ws, err := only(cmd, s)
	if err != nil {
		return err
	}
	return fn(s, ws)
}

// only is the one workspace of a database.
func only(cmd *cobra.Command, s *store.Store) (models.WorkspaceID, error) {
	all, err := s.Workspaces(cmd.Context())
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", errors.New("the database holds no workspace yet: run `gatehouse serve` once, which enters the one that its token belongs to")
	}
	if len(all) > 1 {
		return "", fmt.Errorf("the database holds %d workspaces; this command works on one", len(all))
	}
	return all[0].ID, nil
}

func policyReplay() *cobra.Command {
	var days int
	cmd := &cobra.Command{
		Use: "replay FILE", Short: "Say what a draft would have done to the changes of the last days", Args: cobra.ExactArgs(1),
		Long: "Judge the changes of the last days by a draft and by the policy of their day,\nboth with the people of today, and say what would have been different. It only\nreads, and may run beside `serve`.",
		RunE: func(cmd *cobra.Command, args []string) error {
			draft, err := policyFile(args[0])
			if err != nil {
				return err
			}
			if days < 1 {
				return fmt.Errorf("--days is %d; it should be at least 1", days)
			}
			return beside(cmd, func(s *store.Store, ws models.WorkspaceID) error {
				r, err := replay(cmd, s, ws, draft, days)
				if err == nil {
					printReplay(cmd.OutOrStdout(), r, days)
				}
				return err
			})
		},
	}
	cmd.Flags().IntVar(&days, "days", 90, "how far back")
	return cmd
}

func replay(cmd *cobra.Command, s *store.Store, ws models.WorkspaceID, draft models.Policy, days int) (models.Replay, error) {
	ctx := cmd.Context()
	stored, err := s.Policies(ctx, ws)
	if err != nil {
		return models.Replay{}, err
	}
	list, err := s.SubmittedSince(ctx, ws, s.Now().Add(-time.Duration(days)*24*time.Hour))
	if err != nil {
		return models.Replay{}, err
	}
	f, err := s.Facts(ctx, ws, "")
	if err != nil {
		return models.Replay{}, err
	}
	return draft.Replay(list, func(version int) (models.Policy, bool) {
		for _, p := range stored {
			if p.Policy.Version == version {
				return p.Policy, true
			}
		}
		return models.Policy{}, false
	}, f), nil
}

func printReplay(out io.Writer, r models.Replay, days int) {
	_, _ = fmt.Fprintf(out, "%d changes of the last %d days that a policy judged:\n  %d the same, %d need more, %d need less, %d need others, %d could not be submitted\n  %d approvals added, %d removed\n",
		r.Changes, days, r.Same, r.More, r.Less, r.Other, len(r.Refused), r.Added, r.Removed)
	if len(r.Rules) > 0 {
		_, _ = fmt.Fprintln(out, "\nBy rule of the draft:")
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "  changes\tadded\tremoved\trule")
		for _, x := range r.Rules {
			_, _ = fmt.Fprintf(table, "  %d\t%d\t%d\t%s\n", x.Changes, x.Added, x.Removed, x.Name)
		}
		_ = table.Flush()
	}
	printChanges(out, "\nCould not be submitted:", r.Refused)
	printChanges(out, "\nFailed or rolled back, and would have needed more first:", r.Stopped)
}

func printChanges(out io.Writer, title string, list []models.ReplayChange) {
	if len(list) == 0 {
		return
	}
	_, _ = fmt.Fprintln(out, title)
	for _, c := range list {
		_, _ = fmt.Fprintf(out, "  %s %q: %s\n", c.Change, c.Title, c.Why)
	}
}

func policyShow() *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Print the policy in force, as its file had it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return beside(cmd, func(s *store.Store, ws models.WorkspaceID) error {
				all, err := s.Policies(cmd.Context(), ws)
				if err != nil {
					return err
				}
				if len(all) == 0 {
					return errors.New("no policy is in force yet; start Gatehouse once")
				}
				_, err = fmt.Fprint(cmd.OutOrStdout(), all[0].Source)
				_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "version %d, in force since %s\n", all[0].Policy.Version, all[0].ActivatedAt.Format(time.RFC3339))
				return err
			})
		},
	}
}
