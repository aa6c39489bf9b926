package main

import (
	"github.com/spf13/cobra"

	"github.com/gatehousehq/gatehouse/bot/demo"
)

func demoCommand() *cobra.Command {
	var o demo.Options
	cmd := &cobra.Command{
		Use: "demo", Short: "Try Gatehouse in a browser, without a Slack workspace", Args: cobra.NoArgs,
		Long: "Run Gatehouse against a stand-in for Slack with a web page, on which you play\nthe people of a made-up company. Nothing leaves this machine.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out = cmd.OutOrStdout()
			return demo.Run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.Addr, "addr", "127.0.0.1:8765", "where the page is served; loopback addresses only")
	cmd.Flags().StringVar(&o.Data, "data", "", "keep the state in this directory (default: a temporary one)")
	cmd.Flags().StringVar(&o.Mode, "mode", "socket", "how the stand-in reaches Gatehouse: socket or http")
	return cmd
}
