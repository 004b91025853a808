package main

import (
	"encoding/json"
	"log"
	"os"
	"regexp"
	"runtime/metrics"
	"strconv"
	"syscall"
	"time"
)

// measurement is scripts/bench/measure.ts.
type measurement struct {
	Records        int              `json:"records"`
	Seconds        float64          `json:"seconds"`
	CPUSeconds     float64          `json:"cpuSeconds"`
	PeakMegabytes  float64          `json:"peakMegabytes"`
	CollectorShare float64          `json:"collectorShare"`
	Sums           map[string]int64 `json:"sums"`
}

func measureAndPrint(work func() (int, func() map[string]int64)) {
	cpuBefore, collectorBefore := cpuSeconds(), collectorSeconds()
	began := time.Now()
	records, sums := work()
	seconds := time.Since(began).Seconds()
	used := cpuSeconds() - cpuBefore
	measured := measurement{
		Records:       records,
		Seconds:       seconds,
		CPUSeconds:    used,
		PeakMegabytes: peakMegabytes(),
		// It runs beside the program: a share of the CPU time.
		CollectorShare: (collectorSeconds() - collectorBefore) / used,
		Sums:           sums(),
	}
	if err := json.NewEncoder(os.Stdout).Encode(measured); err != nil {
		log.Fatal(err)
	}
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

// peakMegabytes is the kernel's own mark for this program. What getrusage reports begins with the
// memory of the process that started this one.
func peakMegabytes() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err == nil {
		if found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status); found != nil {
			kilobytes, _ := strconv.ParseFloat(string(found[1]), 64)
			return kilobytes / 1024
		}
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return float64(usage.Maxrss) / 1024
}

// collectorSeconds is the CPU time that the runtime accounts to its collector, without what it took
// of processors that had nothing else to do.
func collectorSeconds() float64 {
	sample := []metrics.Sample{
		{Name: "/cpu/classes/gc/mark/assist:cpu-seconds"},
		{Name: "/cpu/classes/gc/mark/dedicated:cpu-seconds"},
		{Name: "/cpu/classes/gc/pause:cpu-seconds"},
	}
	metrics.Read(sample)
	seconds := 0.0
	for _, one := range sample {
		seconds += one.Value.Float64()
	}
	return seconds
}
