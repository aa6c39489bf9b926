package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gatehousehq/gatehouse/bot"
	"github.com/gatehousehq/gatehouse/models/store"
)

func serveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Serve a Slack workspace", Args: cobra.NoArgs,
		Long: "Serve a Slack workspace until interrupted. Everything is set by environment\nvariables: `gatehouse help config` lists them.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := bot.LoadConfig()
			if err != nil {
				return fmt.Errorf("the configuration is not complete:\n%w", err)
			}
			app, err := bot.New(cmd.Context(), config, bot.Options{})
			if err != nil && cmd.Context().Err() != nil {
				return nil // told to stop while it waited for Slack or the database
			}
			if err != nil {
				return err
			}
			defer app.Close()
			return app.Run(cmd.Context())
		},
	}
}

func migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Bring the database up to date, and stop", Args: cobra.NoArgs,
		Long: "Bring the database up to date, and stop. `serve` does the same at start, and\nany number of processes may do it at once.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, _ := bot.LoadConfig() // Slack's settings are not needed here
			s, err := store.Open(cmd.Context(), store.Options{URL: config.StoreURL()})
			if err != nil {
				return err
			}
			cmd.Println("The database is up to date:", s.Engine())
			return s.Close()
		},
	}
}
