package view

// Retired takes the place of a message that Slack showed twice: its buttons go,
// so that nobody decides by what is no longer brought up to date.
func Retired() Message {
	line := markup("♻️ This copy is out of date, because Slack showed the same message twice. Use the other one: it is kept up to date.")
	return message(line, small(line))
}
