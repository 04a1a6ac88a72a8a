"""The simulation of bench/simulate.py meets each limit where the functions do."""

from dataclasses import replace

from bench.houses import HOUSES, House, Tier
from bench.question import ANSWER_SECONDS, own_seconds
from bench.simulate import Outcome, Simulation

CLASS = HOUSES["30 students, as it comes"]
NO_LIMITS = Tier(requests=1e9, tokens=1e12, embedding_requests=1e9, embedding_tokens=1e12)


def play(house: House) -> Outcome:
    return Simulation(house).run()


def with_provider(house: House, **limits: float) -> House:
    provider: Tier = replace(house.provider, **limits)
    return replace(house, provider=provider)


class TestTheProvider:
    def test_a_question_that_the_model_refuses_has_its_row_closed(self):
        outcome = play(with_provider(CLASS, requests=0))

        assert outcome.refused == {"requests a minute of the provider": outcome.asked}
        assert outcome.rows_closed == outcome.asked

    def test_a_question_without_an_instance_has_no_row(self):
        outcome = play(replace(CLASS, instances=0))

        assert outcome.refused == {"instances of the function": outcome.asked}
        assert outcome.rows_closed == 0

    def test_what_is_written_takes_its_time_on_the_row_that_counts(self):
        outcome = play(with_provider(CLASS, tokens=0))

        # Begun and closed, each with a commit.
        assert round(outcome.counter_seconds / CLASS.commit_seconds) == 2 * outcome.asked

    def test_a_question_that_may_not_be_embedded_is_answered_by_its_words(self):
        no_requests = play(with_provider(CLASS, embedding_requests=0))
        no_tokens = play(with_provider(CLASS, embedding_tokens=0))

        for outcome in (no_requests, no_tokens):
            assert outcome.without_embedding == outcome.asked
            assert outcome.share_answered() == 1

    def test_one_that_may_is_counted(self):
        # Of the thirty that come within ten seconds: fifteen, and what is refilled meanwhile.
        outcome = play(with_provider(CLASS, embedding_requests=15))

        assert 0 < outcome.without_embedding < outcome.asked

    def test_files_take_of_what_questions_are_embedded_with(self):
        adding = replace(CLASS, files_each=10)

        outcome = play(with_provider(adding, embedding_requests=60))

        assert play(with_provider(CLASS, embedding_requests=60)).without_embedding == 0
        assert outcome.without_embedding > 0

    def test_a_file_breaks_off_where_its_tokens_are_refused(self):
        adding = replace(CLASS, files_each=10)

        few, many = (play(with_provider(adding, embedding_tokens=tokens)) for tokens in (4e4, 1e9))

        assert (few.files, many.files) == (300, 300)
        assert few.files_refused > 0
        assert many.files_refused == 0


class TestSharing:
    def test_one_instance_for_each_request_refuses_a_class(self):
        outcome = play(replace(CLASS, instances=10))

        assert outcome.refused["instances of the function"] > 0

    def test_the_same_instances_take_it_where_requests_share_them(self):
        outcome = play(replace(CLASS, instances=10, requests_per_instance=4))

        assert outcome.share_answered() == 1

    def test_who_shares_an_instance_waits_for_its_processor(self):
        # 1,000 in ten seconds are ten processors' work.
        crowd = replace(CLASS, course=1_000, cores=1_000, counter_rows=100, provider=NO_LIMITS)

        alone = play(crowd)
        shared = play(replace(crowd, instances=1, requests_per_instance=1_001))

        assert max(shared.waits) > 5 * max(alone.waits)

    def test_a_processor_that_has_more_answers_than_it_keeps_up_with_gets_behind_the_model(self):
        few = round(ANSWER_SECONDS / own_seconds() / 3)
        one = replace(CLASS, instances=1, requests_per_instance=1_000, provider=NO_LIMITS)

        with_few = play(replace(one, course=few))
        with_many = play(replace(one, course=10 * few))

        assert max(with_few.behind) < 1
        # 26 s of work come within ten, and the model is through with them 8 s later.
        assert max(with_many.behind) > 5
        assert len(with_many.behind) == with_many.asked


class TestThePlatform:
    def test_a_rush_is_refused_until_instances_are_started(self):
        # A course of 300 in ten seconds needs more than 10 + 10.
        outcome = play(replace(CLASS, course=300, burst=10))

        assert outcome.refused["instances that the platform starts in ten seconds"] > 0
        assert play(replace(CLASS, course=300)).share_answered() > outcome.share_answered()

    def test_an_instance_opens_so_many_connections(self):
        # Each call holds a connection for five seconds here, and no more than 100 at a time are open.
        slow = replace(CLASS, course=3_000, connections=10_000, cores=10_000, commit_seconds=5.0)
        slow = replace(slow, counter_rows=10_000)

        alone = play(replace(slow, instances=3_000))
        shared = play(replace(slow, instances=1, requests_per_instance=3_000))

        name = "connections of the function to Supabase"
        assert (alone.refused[name], shared.refused[name] > 0) == (0, True)
