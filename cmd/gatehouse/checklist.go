package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/files"
)

// checklistCommand is for those who write their own checklist template.
func checklistCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "checklist", Short: "Print the built-in checklist template, or check one of your own",
	}
	cmd.AddCommand(&cobra.Command{
		Use: "print", Short: "Print the built-in checklist of 45 items, to begin one's own with", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(files.DefaultChecklistSource())
			return err
		},
	}, &cobra.Command{
		Use: "validate FILE", Short: "Name every fault of a checklist template with its line", Args: cobra.ExactArgs(1),
		Long: "Read a checklist template as Gatehouse would, and name every fault with its\nline. \"-\" reads standard input. Exits with 1 when there is any.",
		RunE: func(cmd *cobra.Command, args []string) error {
			source, err := readFile(cmd.InOrStdin(), args[0])
			if err != nil {
				return err
			}
			t, err := files.Checklist(source)
			if err != nil {
				return fmt.Errorf("%s is refused:\n%w", args[0], err)
			}
			_, _ = fmt.Fprintf(cmd.OutOrStdout(), "%s, version %d: %s. Of %d items these are mandatory:\n", t.Name, t.Version, t.Title, len(t.Items))
			for tier := range models.Tier(4) {
				n := 0
				for _, i := range t.Items {
					if i.MandatoryFor(tier) {
						n++
					}
				}
				_, _ = fmt.Fprintf(cmd.OutOrStdout(), "  tier %d: %d\n", tier, n)
			}
			return nil
		},
	})
	return cmd
}

func readFile(in io.Reader, name string) ([]byte, error) {
	if name != "-" {
		return os.ReadFile(name)
	}
	source, err := io.ReadAll(io.LimitReader(in, files.MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read standard input: %w", err)
	}
	return source, nil
}
