package main

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gatehousehq/gatehouse/bot"
	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/handlers"
)

func manifestCommand() *cobra.Command {
	var o bot.ManifestOptions
	var mode string
	var names map[string]string
	cmd := &cobra.Command{
		Use: "manifest", Short: "Print the app's manifest and a link that creates the app", Args: cobra.NoArgs,
		Long: "Print the manifest of the Slack app, made from the very routes that Gatehouse\nserves, and on standard error a link that opens Slack with it filled in, and\nwhy each permission is asked for.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Mode = bot.Mode(mode); o.Mode != bot.ModeSocket && o.Mode != bot.ModeHTTP {
				return fmt.Errorf("--mode is %q; it should be socket or http", mode)
			}
			if o.Mode == bot.ModeHTTP && o.PublicURL == "" {
				return fmt.Errorf("--url is missing: in http mode Slack needs the public address, such as https://gatehouse.example.com")
			}
			o.Commands = map[handlers.Command]string{}
			for c, name := range names {
				if !slices.Contains(handlers.Commands, handlers.Command(c)) {
					return fmt.Errorf("--command names %q; it should be change, checklist or gatehouse, as in change=/chg", c)
				}
				o.Commands[handlers.Command(c)] = name
			}
			manifest, err := bot.Manifest(o)
			if err != nil {
				return err
			}
			_, _ = fmt.Fprintln(cmd.OutOrStdout(), string(manifest))
			_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "\nCreate the app in one paste:\n%s\n\nPermissions, and what each is for:\n", bot.ManifestLink(manifest))
			for _, s := range bot.Scopes {
				_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "  %-18s %s\n", s.Name, s.Why)
			}
			if o.Lookup {
				for _, s := range bot.LookupScopes {
					_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "  %-18s %s\n", s.Name, s.Why)
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&mode, "mode", string(bot.ModeSocket), "socket or http")
	cmd.Flags().StringVar(&o.PublicURL, "url", "", "public address, in http mode")
	cmd.Flags().StringToStringVar(&names, "command", nil, "another name of a slash command, as in change=/chg; may be repeated")
	cmd.Flags().BoolVar(&o.Lookup, "lookup", false, "also ask for the history scopes, with which a post whose reply was lost is never repeated")
	return cmd
}

func doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Check tokens, scopes, sockets, database, clock and channels", Args: cobra.NoArgs,
		Long: "Look at everything that Gatehouse depends on, with the same configuration as\n`serve`, and say what to mend. Nothing is changed. Exits with 1 when something\nneeds attention.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := bot.LoadConfig()
			return bot.Doctor(cmd.Context(), config, err, cmd.OutOrStdout())
		},
	}
}

// viewsCommand prints what the golden tests hold, to paste into Slack's Block
// Kit Builder.
func viewsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "views [name]", Short: "Print an example of every message and form, as Block Kit JSON", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			known := false
			for _, example := range view.Gallery() {
				if len(args) == 0 {
					_, _ = fmt.Fprintln(cmd.OutOrStdout(), example.Name)
					continue
				}
				if example.Name != args[0] {
					continue
				}
				known = true
				text, err := json.MarshalIndent(example.View, "", "  ")
				if err != nil {
					return err
				}
				_, _ = fmt.Fprintln(cmd.OutOrStdout(), string(text))
			}
			if len(args) > 0 && !known {
				return fmt.Errorf("there is no view %q; `gatehouse views` lists them", args[0])
			}
			return nil
		},
	}
}

// configTopic makes `gatehouse help config` print the table of variables.
func configTopic() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Every environment variable that configures Gatehouse"}
	cmd.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		_ = bot.ConfigTable(cmd.OutOrStdout())
	})
	return cmd
}
