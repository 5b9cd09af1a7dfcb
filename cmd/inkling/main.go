// Command inkling trains, evaluates and reads from small language models on an ordinary CPU.
//
// Each subcommand is one file with one struct, which is its flags, and one Run method. Results go to
// standard output, progress and errors to standard error. It exits with 0, 2 (wrong usage), 3 (bad
// input), 4 (a file or folder that cannot be read or written) or 130 (interrupted).
package main

import (
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"inkling/decode"
	"inkling/internal/kernel"
	"inkling/train"
	"inkling/vae"
)

// cli is the whole command line; kong fills it.
type cli struct {
	Threads int      `help:"Cores to use; all of them unless given." placeholder:"N"`
	Memory  byteSize `help:"Refuse what would take more; what the machine has free unless given." placeholder:"4GB"`
	JSON    bool     `name:"json" help:"Print the result as one JSON value."`

	Demo        demoCmd        `cmd:"" help:"Train on text that is already here, for about a minute, and write some."`
	Train       trainCmds      `cmd:"" help:"Train a model."`
	Resume      resumeCmd      `cmd:"" help:"Go on with a run exactly where it stopped."`
	Eval        evalCmd        `cmd:"" help:"Measure how well a model predicts a text, a VAE its data, or vectors what people say of words."`
	Generate    generateCmd    `cmd:"" help:"Write text with a model."`
	Score       scoreCmd       `cmd:"" help:"Say how likely a model finds each line of a text, picture, document, or row of a table."`
	Sample      sampleCmd      `cmd:"" help:"Draw pictures, sentences, documents or rows of a table from a variational auto-encoder."`
	Reconstruct reconstructCmd `cmd:"" help:"Show pictures, sentences, documents or rows, and what a variational auto-encoder makes of them."`
	Encode      encodeCmd      `cmd:"" help:"Say where pictures, sentences, documents or rows are in the latent space of a variational auto-encoder."`
	Interpolate interpolateCmd `cmd:"" help:"Go from one picture, sentence, document or row to another through a variational auto-encoder."`
	Manifold    manifoldCmd    `cmd:"" help:"Show what latent variables of a variational auto-encoder of pictures stand for."`
	Topics      topicsCmd      `cmd:"" help:"Say in words what each latent variable of a VAE of documents is about."`
	Nearest     nearestCmd     `cmd:"" help:"Find the documents that are nearest to one."`
	Report      reportCmd      `cmd:"" help:"Say how much a table that was drawn is like the real one, and how near it comes to single rows."`
	NN          nnCmd          `cmd:"" name:"nn" help:"Show the words whose vectors are closest."`
	Analogy     analogyCmd     `cmd:"" help:"Say what is to woman as king is to man."`
	Export      exportCmd      `cmd:"" help:"Write word vectors in a format of others."`
	Compare     compareCmds    `cmd:"" help:"Try all there are of a kind on a text or on pictures, with a table and a picture."`
	Info        infoCmd        `cmd:"" help:"Describe a model or run; without one, this program and machine."`
	List        listCmd        `cmd:"" help:"List runs: how far they have come and how good they are."`
	Rm          rmCmd          `cmd:"" help:"Delete runs."`
	Data        dataCmds       `cmd:"" help:"Find and download known data sets."`
	Bench       benchCmd       `cmd:"" help:"Measure what this machine can do and how much of it is used."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
}

type trainCmds struct {
	LM trainCmd `cmd:"" name:"lm" help:"Train a language model on a text."`

	VAE trainVAECmd `cmd:"" name:"vae" help:"Train a variational auto-encoder on pictures, sentences, documents or a table."`

	Vectors trainVectorsCmd `cmd:"" help:"Learn vectors of the words of a text."`
}

type compareCmds struct {
	Outputs compareOutputsCmd `cmd:"" help:"Train a model with each output layer, with equal budgets."`

	Decoders compareDecodersCmd `cmd:"" help:"Let each decoder go on from the same beginnings: probability, search errors, time, repetition."`

	Gradients compareGradientsCmd `cmd:"" help:"Measure the variance of each estimate of the gradient of a VAE's encoder."`

	EM compareEMCmd `cmd:"" name:"em" help:"Fit a decoder of pictures by variational EM, with and without an encoder, and as a VAE is trained."`
}

const description = `Small generative models of text, pictures and tables, trained and used on an ordinary CPU.

Try first: inkling demo

Every flag can also be given as an environment variable, --max-tokens as INKLING_MAX_TOKENS, for
all commands that have a flag of this name; the flag wins.`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the program: it returns the exit code.
func run(args []string, out, stderr io.Writer) int {
	if err := kernel.Err(); err != nil {
		return report(stderr, usage("%v", err))
	}
	var c cli
	command, err := parse(&c, args, out, stderr, os.Exit)
	if err != nil {
		return report(stderr, err)
	}
	if c.Threads > 0 {
		runtime.GOMAXPROCS(c.Threads)
	}
	a := &app{out: &output{w: out}, err: stderr, json: c.JSON, limit: int64(c.Memory), flags: command.Flags()}
	defer a.interruptible()()
	err = command.Run(a)
	if err == nil && a.out.err != nil {
		err = ioFault("standard output cannot be written: %v", a.out.err)
	}
	return report(stderr, err)
}

// parse reads a command line into c and gives the command that it asks for. Help is written to out, and
// ends the program through exit.
func parse(c *cli, args []string, out, stderr io.Writer, exit func(code int)) (*kong.Context, error) {
	parser, err := kong.New(c,
		kong.Name("inkling"), kong.Description(description), kong.Writers(out, stderr), kong.Exit(exit),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, FlagsLast: true}),
		kong.ValueFormatter(func(v *kong.Value) string { return v.Help }), // without the variable's name, which follows from the flag's
		kong.WithHyphenPrefixedParameters(true), kong.PostBuild(environment),
		kong.Vars{
			"architectures": names("architectures"), "outputs": names("outputs"), "decoders": names("decoders"), "samplers": strings.ReplaceAll(names("filters"), ",", ";"), "heuristics": strings.Join(decode.Heuristics, ","), "optimizers": names("optimizers"), "schedules": names("schedules"),
			"nets": names("nets"), "likelihoods": names("likelihoods"), "objectives": names("objectives"),
			"vae_kinds":  vaeKindNames(),
			"table_rate": strconv.Itoa(tableRate),
			"net":        vae.Nets()[0].Name, "likelihood": vae.Likelihoods()[0].Name, "objective": vae.Objectives()[0].Name,
			"optimizer": train.Optimizers[0].Name, "schedule": train.Schedules[0].Name,
		},
	)
	if err != nil {
		panic("inkling: " + err.Error())
	}
	if len(args) == 0 {
		return nil, usage("no command: try inkling demo, or inkling --help for all there are")
	}
	command, err := parser.Parse(args)
	if err != nil {
		return nil, parseFault(err)
	}
	if c.Threads < 0 {
		return nil, usage("--threads %d: must be at least 1", c.Threads)
	}
	return command, nil
}

// environment gives every flag its variable, INKLING_ and the flag's name, but for those whose tag says
// that they have none.
func environment(k *kong.Kong) error {
	return kong.Visit(k.Model.Node, func(node kong.Visitable, next kong.Next) error {
		if f, ok := node.(*kong.Flag); ok && slices.Equal(f.Tag.Envs, []string{"-"}) {
			f.Envs, f.Tag.Envs = nil, nil
		} else if ok && f.Name != "help" {
			f.Envs = []string{"INKLING_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))}
			f.Tag.Envs = f.Envs
		}
		return next(nil)
	})
}
