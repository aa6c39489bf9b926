package main

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// tokenCommand is for whoever runs Gatehouse; admins do the same in Slack.
func tokenCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "token", Short: "Make, list or revoke the tokens that let pipelines in",
		Long: "Make, list or revoke the tokens with which pipelines submit evidence. Admins do\nthe same in Slack with /gatehouse token, also while SQLite is being served:\nthen only `token list` works here.",
	}
	cmd.AddCommand(tokenCreate(), tokenList(), tokenRevoke())
	return cmd
}

func tokenCreate() *cobra.Command {
	var in models.TokenInput
	var who string
	cmd := &cobra.Command{
		Use: "create NAME --for U0123456", Short: "Make a token and print its secret, once", Args: cobra.ExactArgs(1),
		Long: "Make a token with the scope evidence and print its secret on standard output.\nThe secret is kept nowhere. What comes by the token counts as submitted by the\nperson named, who therefore can't verify it.",
		RunE: func(cmd *cobra.Command, args []string) error {
			in.Name, in.For = args[0], models.UserID(who)
			return alone(cmd, func(s *store.Store, ws models.WorkspaceID) error {
				secret, t, err := s.CreateToken(cmd.Context(), store.Command{Workspace: ws}, in)
				if err != nil {
					return err
				}
				_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "The token %s holds until %s. Its secret is shown this once:\n", t.Name, t.ExpiresAt.Format(time.DateOnly))
				_, _ = fmt.Fprintln(cmd.OutOrStdout(), secret)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&who, "for", "", "Slack id of the person in whose name evidence is submitted")
	cmd.Flags().IntVar(&in.Days, "days", models.TokenDays, "how many days it holds")
	return cmd
}

func tokenList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List all tokens; secrets are not among what is kept", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return beside(cmd, func(s *store.Store, ws models.WorkspaceID) error {
				list, err := s.Tokens(cmd.Context(), ws)
				if err != nil {
					return err
				}
				out := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
				_, _ = fmt.Fprintln(out, "NAME\tSTATE\tFOR\tEXPIRES\tLAST USED")
				for _, t := range list {
					used := "never"
					if !t.UsedAt.IsZero() {
						used = t.UsedAt.Format(time.DateTime)
					}
					_, _ = fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", t.Name, t.State(s.Now()), t.By, t.ExpiresAt.Format(time.DateOnly), used)
				}
				return out.Flush()
			})
		},
	}
}

func tokenRevoke() *cobra.Command {
	return &cobra.Command{
		Use: "revoke NAME", Short: "End a token at once", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return alone(cmd, func(s *store.Store, ws models.WorkspaceID) error {
				t, err := s.RevokeToken(cmd.Context(), store.Command{Workspace: ws}, args[0])
				if errors.Is(err, store.ErrNotFound) {
					return fmt.Errorf("there is no token %q; `gatehouse token list` lists those there are", args[0])
				}
				if err == nil {
					_, _ = fmt.Fprintf(cmd.OutOrStdout(), "The token %s opens nothing any more.\n", t.Name)
				}
				return err
			})
		},
	}
}

// alone opens the database of the configuration to write. SQLite serves one
// process, so a serving one must have ended.
func alone(cmd *cobra.Command, fn func(*store.Store, models.WorkspaceID) error) error {
	return opened(cmd, store.Options{}, fn)
}
