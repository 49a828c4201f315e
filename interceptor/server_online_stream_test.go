package interceptor_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
)

// onlineStreams has the streams of the human resources ask the issuer.
func onlineStreams(t *testing.T, change func(*access.Matrix)) *reviewServer {
	return newReviewServer(t, echo, company(t, askable(t), change))
}

// TestStreamOfAWithdrawnTokenEnds shows that the issuer is asked again about the token of
// a running stream, and that a stream without online goes on.
func TestStreamOfAWithdrawnTokenEnds(t *testing.T) {
	for maxAge, most := range map[time.Duration]time.Duration{0: 7 * time.Second, 20 * time.Second: 22 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			o, plain := onlineStreams(t, online("human-resource", maxAge)), onlineStreams(t, sameMatrix)
			stream, other := o.openFor(t, timed(t), o.mint(time.Hour)), plain.openFor(t, timed(t), plain.mint(time.Hour))
			confirm(t, stream)
			time.Sleep(10 * time.Minute)
			confirm(t, stream)
			confirm(t, other)
			o.issuer.Fault(testutil.Introspection, testutil.RespondBody("application/json", `{"active": false}`))
			plain.issuer.Fault(testutil.Introspection, testutil.RespondBody("application/json", `{"active": false}`))
			lasts(t, stream, inactive, 0, most)
			time.Sleep(time.Minute)
			confirm(t, other)
			if n := plain.issuer.Requests(testutil.Introspection); n != 0 {
				t.Errorf("the issuer was asked %d times about a stream without online", n)
			}
		})
	}
}

// TestStreamOutlastsAShortOutage shows that a stream goes on while the issuer cannot be
// asked for a minute, and ends then.
func TestStreamOutlastsAShortOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := onlineStreams(t, online("human-resource", 0))
		stream := o.openFor(t, timed(t), o.mint(time.Hour))
		confirm(t, stream)
		o.issuer.Down()
		time.Sleep(30 * time.Second)
		confirm(t, stream)
		o.issuer.Up()
		time.Sleep(2 * time.Minute)
		confirm(t, stream)
		o.issuer.Down()
		lasts(t, stream, unavailable, time.Minute-10*time.Second, time.Minute+15*time.Second)
	})
}

// TestStreamsWithOneTokenShareAQuestion shows that many streams with one token cost few
// questions.
func TestStreamsWithOneTokenShareAQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := onlineStreams(t, online("human-resource", 0))
		token := o.mint(time.Hour)
		for range 50 {
			confirm(t, o.openFor(t, timed(t), token))
		}
		before := o.issuer.Requests(testutil.Introspection)
		time.Sleep(time.Minute)
		if n := o.issuer.Requests(testutil.Introspection) - before; n < 8 || n > 24 {
			t.Errorf("%d questions in a minute, want about one in 5 s", n)
		}
	})
}

// TestPolicyCanDemandOnlineOfRunningStreams shows that a new policy with online asks about
// running streams, and that the issuer's answer decides.
func TestPolicyCanDemandOnlineOfRunningStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := onlineStreams(t, sameMatrix)
		withdrawn, active := o.mint(time.Hour), o.mint(2*time.Hour)
		ends, goesOn := o.openFor(t, timed(t), withdrawn), o.openFor(t, timed(t), active)
		confirm(t, ends)
		confirm(t, goesOn)
		o.issuer.Revoke(withdrawn)
		time.Sleep(time.Minute)
		confirm(t, ends)
		if err := o.server.Swap(company(t, askable(t), online("human-resource", 0))); err != nil {
			t.Fatal(err)
		}
		lasts(t, ends, inactive, 0, 2*time.Second)
		confirm(t, goesOn)
	})
}
