package view

import (
	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// ActionLessonDrop lets future releases be without a lesson. Its value is that
// of a change's buttons ([Value]).
const ActionLessonDrop = "change.lesson.drop"

// LessonActions lists every button id of lessons.
func LessonActions() []string { return []string{ActionLessonDrop} }

// LessonList answers "/change lessons": what future releases are asked for
// because a review found it, with the button that f.Actor may use. The list
// holds changes whose lesson is asked for, newest first.
func LessonList(list []*models.Change, more int, f models.Facts) Message {
	const heading = "Lessons that future releases are asked for"
	blocks := []slack.Block{section(bold(heading))}
	words := markup(heading)
	if len(list) == 0 {
		const none = "There is none. Whoever records the review of a change can choose that its lesson becomes an item of future releases."
		return message(heading+". "+none, append(blocks, section(none))...)
	}
	may := f.Holds(f.Actor.ID, models.RoleChangeManager)
	for _, c := range list[:min(listMost, len(list))] {
		line := lessonLine(c, f)
		words += "\n" + line
		if !may {
			blocks = append(blocks, section(line))
			continue
		}
		drop := button(ActionLessonDrop, "Ask no more", Value(c))
		drop.Confirm = confirm("Ask no more?", "Releases planned from now on are not asked for it. Those that have the item keep it.", "Ask no more", "Keep it", slack.StyleDanger)
		blocks = append(blocks, sectionWith(line, drop))
	}
	if more += max(0, len(list)-listMost); more > 0 {
		blocks = append(blocks, moreLine(more)...)
		words += "\nand " + number(more) + " more"
	}
	return message(words, blocks...)
}

// lessonLine is a lesson in two lines: what is asked for, and where it comes from.
func lessonLine(c *models.Change, f models.Facts) markup {
	return joined("\n", "📌 "+bold(esc(c.Reviewed.Lesson, models.MaxTitle)),
		joined(" · ", escapeAll(c.Reviewed.Bucket.String()), serviceList(c.Services, f, halfLine), "out of the review of "+bold(id(c))+" by "+name(c.Reviewed.By, f)))
}

// lessonSource says why a release is asked for an item: which review it comes
// out of; "" for an item that is no lesson.
func lessonSource(i *models.Item) markup {
	if i.Lesson == 0 {
		return ""
	}
	return "A lesson: the review of " + bold(markup(i.Lesson.String())) + " found that a checklist should have asked for it."
}
