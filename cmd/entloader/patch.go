package main

import (
	"fmt"
	"slices"
	"strings"
)

// patch returns the change as a patch with one hunk: files are short.
func (c change) patch() string {
	from := "a/" + c.path
	if c.create {
		from = "/dev/null"
	}
	head := fmt.Sprintf("--- %s\n+++ b/%s\n", from, c.path)
	old, new := splitLines(c.old), splitLines(c.new)
	edits := diffLines(old, new)
	first, last := len(edits), 0
	for i, e := range edits {
		if e[0] != ' ' {
			first, last = min(first, i), i+1
		}
	}
	const context = 3
	first, last = max(first-context, 0), min(last+context, len(edits))
	var removed, added int
	var hunk strings.Builder
	for _, e := range edits[first:last] {
		if e[0] != '+' {
			removed++
		}
		if e[0] != '-' {
			added++
		}
		hunk.WriteString(e)
		if !strings.HasSuffix(e, "\n") {
			hunk.WriteString("\n\\ No newline at end of file\n")
		}
	}
	// What stands before the first edit is the same in both.
	oldStart, newStart := first+1, first+1
	if removed == 0 {
		oldStart--
	}
	return head + fmt.Sprintf("@@ -%d,%d +%d,%d @@\n", oldStart, removed, newStart, added) + hunk.String()
}

func splitLines(s string) []string {
	return slices.Collect(strings.Lines(s))
}

// diffLines returns the lines of both, each behind ' ', '-' or '+', with as many as
// possible in common.
func diffLines(old, new []string) []string {
	common := make([][]int, len(old)+1) // of old[i:] and new[j:]
	for i := range common {
		common[i] = make([]int, len(new)+1)
	}
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(new) - 1; j >= 0; j-- {
			if old[i] == new[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var edits []string
	i, j := 0, 0
	for i < len(old) || j < len(new) {
		switch {
		case i < len(old) && j < len(new) && old[i] == new[j]:
			edits = append(edits, " "+old[i])
			i, j = i+1, j+1
		case j == len(new) || i < len(old) && common[i+1][j] >= common[i][j+1]:
			edits = append(edits, "-"+old[i])
			i++
		default:
			edits = append(edits, "+"+new[j])
			j++
		}
	}
	return edits
}
