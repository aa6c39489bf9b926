package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/files"
	"github.com/gatehousehq/gatehouse/models/store"
)

func importCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "import", Short: "Bring services in from a file"}
	cmd.AddCommand(importServices())
	return cmd
}

func importServices() *cobra.Command {
	var dry bool
	var tier int
	var owner string
	cmd := &cobra.Command{
		Use: "services FILE", Short: "Bring services in from CSV or from Backstage's catalog-info.yaml", Args: cobra.ExactArgs(1),
		Long: "Bring services and teams to what a file says, and print what is different. With\nanything wrong in the file every bad line is named and nothing is changed. A\nsecond import of the same file changes nothing; services that it does not name\nstay. SQLite serves one process: stop `serve` before importing there (--dry-run\nmay run beside it).",
		RunE: func(cmd *cobra.Command, args []string) error {
			source, err := readFile(cmd.InOrStdin(), args[0])
			if err != nil {
				return fmt.Errorf("read the file: %w", err)
			}
			in, problems := files.ReadServices(args[0], source)
			if in.Owner = models.UserID(owner); cmd.Flags().Changed("tier") {
				if tier < 0 || tier > 3 {
					return fmt.Errorf("--tier is %d; it should be from 0 to 3", tier)
				}
				t := models.Tier(tier)
				in.Tier = &t
			}
			// With problems of the reader's the plan is only made, to say what else is wrong.
			plan, err := planOf(cmd, in, dry || len(problems) > 0)
			if err != nil {
				return err
			}
			for _, p := range plan.Problems {
				problems = append(problems, files.Problem(p))
			}
			return printImport(cmd.OutOrStdout(), args[0], plan, problems, dry)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "print the difference and change nothing")
	cmd.Flags().IntVar(&tier, "tier", 2, "tier of new services that name none")
	cmd.Flags().StringVar(&owner, "owner", "", "owner of new services that name none, a Slack user id")
	return cmd
}

func planOf(cmd *cobra.Command, in models.Import, dry bool) (plan models.ImportPlan, err error) {
	if dry {
		err = beside(cmd, func(s *store.Store, ws models.WorkspaceID) error {
			f, err := s.Facts(cmd.Context(), ws, "")
			if err == nil {
				plan = in.Plan(f)
			}
			return err
		})
		return plan, err
	}
	err = alone(cmd, func(s *store.Store, ws models.WorkspaceID) error {
		plan, err = s.ImportServices(cmd.Context(), ws, in)
		return err
	})
	return plan, err
}

func printImport(out io.Writer, name string, plan models.ImportPlan, problems files.Problems, dry bool) error {
	if len(problems) > 0 {
		slices.SortStableFunc(problems, func(a, b files.Problem) int { return a.Line - b.Line })
		return fmt.Errorf("%s: %d lines are wrong, so nothing was changed:\n%w", name, lines(problems), problems)
	}
	added := 0
	for _, c := range plan.Changes {
		sign := "~"
		if c.Added() {
			sign = "+"
			added++
		}
		_, _ = fmt.Fprintf(out, "%s %s\n", sign, c.Service.Slug)
		for _, d := range c.Diff {
			_, _ = fmt.Fprintf(out, "    %s: %q → %q\n", d.Field, d.Before, d.After)
		}
	}
	for _, t := range plan.Teams {
		_, _ = fmt.Fprintf(out, "~ team %s\n", t.ID)
	}
	verb := "Done"
	if dry {
		verb = "Dry run, nothing was changed"
	}
	_, _ = fmt.Fprintf(out, "%s: %d services added, %d changed, %d the same; %d teams changed.\n", verb, added, len(plan.Changes)-added, plan.Same, len(plan.Teams))
	return nil
}

// lines counts the lines that have a problem.
func lines(problems files.Problems) int {
	seen := map[int]bool{}
	for _, p := range problems {
		seen[p.Line] = true
	}
	return len(seen)
}
