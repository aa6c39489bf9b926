// Command gatehouse is the Slack bot that protects production, with
// everything around it: serving, trying it out without a Slack workspace, and
// setting it up.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // a slim image has no zone data, and people have zones

	"github.com/spf13/cobra"
)

func main() {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup asks to outlive the terminal
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	defer stop()
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "gatehouse:", err)
		stop()
		os.Exit(1)
	}
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "gatehouse",
		Short:         "A Slack bot that protects production: change and release management",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cmd.CompletionOptions.HiddenDefaultCmd = true
	cmd.AddCommand(serveCommand(), demoCommand(), migrateCommand(), manifestCommand(), doctorCommand(), viewsCommand(), checklistCommand(), policyCommand(), tokenCommand(), importCommand(), configTopic())
	return cmd
}
