package main

import (
	"errors"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
)

// kong knows what is wrong with a command line; this puts it in the form of our messages: what is
// wrong, then what to do.
var rewordings = []struct {
	pattern *regexp.Regexp
	with    string
	help    bool // whether the command's help is the place to look
}{
	{regexp.MustCompile(`^(.*), did you mean (.*)$`), `$1: did you mean $2`, false},
	{regexp.MustCompile(`^unexpected argument (.*)$`), `unknown command, or one argument too many: $1`, true},
	{regexp.MustCompile(`^expected "(<.*>)(?: \.\.\.)?"$`), `$1 is missing`, true},
	{regexp.MustCompile(`^expected (?:one of )?(".*")$`), `a command is missing: $1`, true},
	{regexp.MustCompile(`^(--\S+): expected .* but got "EOL".*$`), `$1 needs a value`, true},
	{regexp.MustCompile(`^(--\S+) must be one of (.*) but got "(.*)"$`), `$1 $3: must be one of $2`, false},
	{regexp.MustCompile(`^(--\S+): expected a valid 64 bit int but got "(.*?)".*$`), `$1 $2: must be a whole number`, false},
	{regexp.MustCompile(`^(--\S+): expected a valid 64 bit uint but got "(.*?)".*$`), `$1 $2: must be a whole number of at least 0`, false},
	{regexp.MustCompile(`^(--\S+): expected a float but got "(.*?)".*$`), `$1 $2: must be a number`, false},
	{regexp.MustCompile(`^(--\S+): expected duration but got "(.*?)": .*$`), `$1 $2: must be a time, as in 90s, 10m or 2h`, false},
	{regexp.MustCompile(`^(--\S+): expected an amount of memory but got "(.*)"$`), `$1 $2: must be an amount of memory, as in 800MB or 4GB`, false},
}

// fromVariable is what kong adds if the value was not on the command line.
var fromVariable = regexp.MustCompile(` \(from envar (\w+)=.*\)$`)

func parseFault(err error) error {
	text := err.Error()
	variable := fromVariable.FindStringSubmatch(text)
	text = fromVariable.ReplaceAllString(text, "")
	help := true
	for _, r := range rewordings {
		if r.pattern.MatchString(text) {
			text, help = r.pattern.ReplaceAllString(text, r.with), r.help
			break
		}
	}
	text = strings.ReplaceAll(text, `must be one of "",`, "must be one of ") // no value at all is what it is unless given
	text = strings.ReplaceAll(strings.ReplaceAll(text, `","`, `", "`), `"`, "")
	if variable != nil {
		text = "from " + variable[1] + ": " + text
	}
	if help {
		text += ": see " + commandOf(err) + " --help"
	}
	return usage("%s", text)
}

// commandOf is the command that was being read.
func commandOf(err error) string {
	command := "inkling"
	var p *kong.ParseError
	if errors.As(err, &p) && p.Context != nil {
		for part := range strings.FieldsSeq(p.Context.Command()) {
			if !strings.HasPrefix(part, "<") {
				command += " " + part
			}
		}
	}
	return command
}
