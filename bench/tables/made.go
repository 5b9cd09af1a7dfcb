package main

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
)

// A customer is a row of the made table, of which all is known, so that what a model makes of it can be held against the truth. Its 24 columns:
//
//	segment            one of five kinds of customers, which is not written down: what most columns hang on
//	age … children     numbers that depend on it and on each other: mixtures, long tails, a spike at 0, missing cells
//	tax                a rule: a fifth of the income, rounded down to 0.1
//	region, lat, lon   places: a region has a centre
//	os                 a rule: what the device runs
//	shop               one of 50,000, most of them rare, each in one region
//	churn              yes or no, by chance, with odds that five other columns set: what classifiers are to foretell
type customer struct {
	age, visits, days, children, rating                     int
	income, spend, tax, balance, height, weight, score      float64
	lat, lon, discount                                      float64
	region, plan, channel, device, os, married, shop, churn string
	colour                                                  string
	noDiscount                                              bool
}

var (
	regions  = []string{"north", "east", "south", "west", "coast", "hills", "islands", "capital"}
	centres  = [][2]float64{{58, 24}, {54, 38}, {44, 26}, {49, 6}, {51, -2}, {47, 13}, {38, 15}, {52, 21}}
	plans    = []string{"basic", "plus", "family", "business"}
	channels = []string{"web", "shop", "phone"}
	devices  = []string{"phone A", "phone B", "tablet A", "tablet B", "laptop", "desktop"}
	systems  = []string{"aos", "bos", "aos", "bos", "penguin", "panes"}
	colours  = []string{"red", "orange", "yellow", "green", "blue", "violet"}
)

const shops = 50_000

// pick is a number from 0 by weights.
func pick(rnd *rand.Rand, weights ...float64) int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	u := rnd.Float64() * sum
	for i, w := range weights {
		if u -= w; u < 0 {
			return i
		}
	}
	return len(weights) - 1
}

func clamp(x, low, high float64) float64 { return min(max(x, low), high) }

func round(x float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(x*p) / p
}

func newCustomer(rnd *rand.Rand) (c customer) {
	n := rnd.NormFloat64
	segment := pick(rnd, 3, 2.5, 2, 1.5, 1)
	ages := [][2]float64{{24, 4}, {36, 6}, {48, 7}, {61, 6}, {74, 6}}[segment]
	c.age = int(clamp(math.Round(ages[0]+ages[1]*n()), 18, 95))
	c.income = round(clamp(math.Exp([]float64{7.2, 8.0, 8.4, 8.1, 7.4}[segment]+0.35*n()), 100, 200_000), 2)
	c.tax = math.Floor(c.income*2) / 10
	c.spend = round(c.income*clamp(0.55+0.1*n()-0.05*float64(segment-2), 0.05, 1.2), 2)
	if rnd.Float64() < 0.8 {
		c.balance = round((c.income-c.spend)*math.Exp(0.8*n()), 2)
	}
	male := rnd.Float64() < 0.5
	c.height = round(165+4*n(), 1)
	if male {
		c.height = round(178+5*n(), 1)
	}
	c.weight = round(clamp((c.height-100)*0.9+0.12*float64(c.age)+6*n(), 35, 180), 1)
	c.score = round(1/(1+math.Exp(-(0.6*float64(segment)-1+0.9*n()))), 3)
	region := pick(rnd, [][]float64{
		{1, 1, 1, 1, 3, 1, 1, 6}, {2, 3, 2, 2, 2, 1, 1, 4}, {3, 3, 2, 4, 2, 2, 1, 2}, {3, 2, 3, 2, 1, 4, 2, 1}, {2, 1, 4, 1, 1, 4, 4, 1},
	}[segment]...)
	c.region = regions[region]
	c.lat, c.lon = round(centres[region][0]+0.8*n(), 3), round(centres[region][1]+1.2*n(), 3)
	rate := []float64{9, 6, 4, 3, 2}[segment]
	for p := rnd.Float64(); p > math.Exp(-rate); p *= rnd.Float64() {
		c.visits++
	}
	c.days = int(clamp(rnd.ExpFloat64()*30*(1+float64(segment))/(1+0.2*float64(c.visits)), 0, 365))
	c.children = pick(rnd, [][]float64{{8, 1, 0.3, 0.1, 0.02}, {3, 3, 3, 1, 0.3}, {2, 3, 4, 1.5, 0.5}, {2, 2, 4, 2, 1}, {2, 2, 3, 2, 1}}[segment]...)
	c.rating = 1 + pick(rnd, 1+float64(c.days)/30, 1, 2, 4, 4+float64(c.visits)/2)
	plan := pick(rnd, 4, 2+float64(segment), 0.5+3*float64(min(c.children, 2)), clamp(c.income/3000-0.5, 0.1, 6))
	c.plan = plans[plan]
	c.channel = channels[pick(rnd, 6-float64(segment), 1+float64(segment), 0.5+0.5*float64(segment))]
	device := pick(rnd, 5-float64(segment), 4, 1, 1+float64(segment)/2, 2, 0.5+float64(segment))
	c.device, c.os = devices[device], systems[device]
	c.married = "no"
	if rnd.Float64() < clamp(float64(c.age-20)/30, 0.02, 0.8) {
		c.married = "yes"
	}
	c.colour = colours[rnd.IntN(len(colours))]
	c.noDiscount = rnd.Float64() < []float64{0.5, 0.3, 0.3, 0.2, 0.2}[segment]
	c.discount = []float64{0, 5, 10, 15, 20, 25}[pick(rnd, 4, 3, 2, 1, 0.5+float64(plan), 0.5)] / 100
	each := shops / len(regions) // of a region; the first are the most visited
	c.shop = fmt.Sprintf("shop-%05d", region*each+int(float64(each)*math.Pow(rnd.Float64(), 3)))
	odds := -1.2 + 0.03*float64(c.days) - 0.35*float64(c.visits-4) - 0.8*float64(c.rating-3)
	if c.plan == "business" {
		odds -= 1.5
	}
	if c.channel == "phone" {
		odds++
	}
	c.churn = "no"
	if rnd.Float64() < 1/(1+math.Exp(-odds)) {
		c.churn = "yes"
	}
	return c
}

// spoil makes a row of a kind that there is not. A third are cells that are unusual by themselves; the others have usual cells that do not go
// together, which nobody finds who looks at columns one by one.
func spoil(c *customer, rnd *rand.Rand) {
	other := newCustomer(rnd)
	switch rnd.IntN(9) {
	case 0:
		c.income = round(c.income*15, 2)
		c.tax = math.Floor(c.income*2) / 10
	case 1:
		c.weight = round(130+20*rnd.Float64(), 1)
	case 2:
		c.lat, c.lon = round(30+3*rnd.Float64(), 3), round(-15+3*rnd.Float64(), 3)
	case 3:
		c.tax = math.Floor(other.income*2) / 10
	case 4:
		for c.os == systems[indexOf(devices, c.device)] {
			c.os = systems[rnd.IntN(len(systems))]
		}
	case 5:
		for before := c.region; c.region == before; {
			c.region = regions[rnd.IntN(len(regions))]
		}
	case 6:
		c.spend = round(c.income*(1.6+rnd.Float64()), 2)
	case 7:
		c.height, c.weight = 150+round(4*rnd.Float64(), 1), 95+round(8*rnd.Float64(), 1)
	case 8:
		c.age, c.children, c.married = 18+rnd.IntN(3), 3+rnd.IntN(2), "yes"
	}
}

func indexOf(list []string, v string) int {
	for i, s := range list {
		if s == v {
			return i
		}
	}
	return -1
}

const header = "age,income,spend,tax,balance,height,weight,score,lat,lon,visits,days,children,rating,region,plan,channel,device,os,married,shop,colour,discount,churn"

// write writes the table: rows customers, a share of them spoiled; of each a line of labels, unless that is nil: 1 if it was spoiled.
func write(w, labels io.Writer, rows int, seed uint64, spoiled float64) error {
	b := bufio.NewWriterSize(w, 1<<18)
	fmt.Fprintln(b, header)
	rnd := rand.New(rand.NewPCG(seed, 24))
	number := func(v float64, digits int) {
		b.Write(strconv.AppendFloat(b.AvailableBuffer(), v, 'f', digits, 64))
		b.WriteByte(',')
	}
	whole := func(v int) {
		b.Write(strconv.AppendInt(b.AvailableBuffer(), int64(v), 10))
		b.WriteByte(',')
	}
	for range rows {
		c := newCustomer(rnd)
		bad := rnd.Float64() < spoiled
		if bad {
			spoil(&c, rnd)
		}
		whole(c.age)
		number(c.income, 2)
		number(c.spend, 2)
		number(c.tax, 1)
		number(c.balance, 2)
		number(c.height, 1)
		number(c.weight, 1)
		number(c.score, 3)
		number(c.lat, 3)
		number(c.lon, 3)
		for _, v := range []int{c.visits, c.days, c.children, c.rating} {
			whole(v)
		}
		for _, s := range []string{c.region, c.plan, c.channel, c.device, c.os, c.married, c.shop, c.colour} {
			b.WriteString(s)
			b.WriteByte(',')
		}
		if !c.noDiscount {
			b.WriteString(strconv.FormatFloat(c.discount, 'f', 2, 64))
		}
		b.WriteByte(',')
		b.WriteString(c.churn)
		b.WriteByte('\n')
		if labels != nil {
			if _, err := fmt.Fprintln(labels, map[bool]int{true: 1}[bad]); err != nil {
				return err
			}
		}
	}
	return b.Flush()
}
