//go:build race

package kernel

// raceEnabled: the race detector makes plain Go tens of times slower, so tests try fewer shapes.
const raceEnabled = true
