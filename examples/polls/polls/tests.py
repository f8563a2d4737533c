import datetime

from django.contrib.auth.models import User
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from .models import Choice, Question


def create_question(question_text, days):
    """Create a question that is published in so many days; negative is the past."""
    time = timezone.now() + datetime.timedelta(days=days)
    return Question.objects.create(question_text=question_text, pub_date=time)


class QuestionModelTests(TestCase):
    def test_was_published_recently_with_future_question(self):
        """A question of the future was not published recently."""
        time = timezone.now() + datetime.timedelta(days=30)
        future_question = Question(pub_date=time)
        self.assertIs(future_question.was_published_recently(), False)

    def test_was_published_recently_with_old_question(self):
        """Nor was one that is older than a day."""
        time = timezone.now() - datetime.timedelta(days=1, seconds=1)
        old_question = Question(pub_date=time)
        self.assertIs(old_question.was_published_recently(), False)

    def test_was_published_recently_with_recent_question(self):
        """A question of the last day was."""
        time = timezone.now() - datetime.timedelta(hours=23, minutes=59, seconds=59)
        recent_question = Question(pub_date=time)
        self.assertIs(recent_question.was_published_recently(), True)


class QuestionIndexViewTests(TestCase):
    def test_no_questions(self):
        """Without questions, the page says so."""
        response = self.client.get(reverse("polls:index"))
        self.assertEqual(response.status_code, 200)
        self.assertContains(response, "No polls are available.")
        self.assertQuerySetEqual(response.context["latest_question_list"], [])

    def test_past_question(self):
        """Questions of the past are listed."""
        question = create_question(question_text="Past question.", days=-30)
        response = self.client.get(reverse("polls:index"))
        self.assertQuerySetEqual(response.context["latest_question_list"], [question])

    def test_future_question(self):
        """Questions of the future are not."""
        create_question(question_text="Future question.", days=30)
        response = self.client.get(reverse("polls:index"))
        self.assertContains(response, "No polls are available.")
        self.assertQuerySetEqual(response.context["latest_question_list"], [])

    def test_future_question_and_past_question(self):
        """Of both, only those of the past are."""
        question = create_question(question_text="Past question.", days=-30)
        create_question(question_text="Future question.", days=30)
        response = self.client.get(reverse("polls:index"))
        self.assertQuerySetEqual(response.context["latest_question_list"], [question])

    def test_two_past_questions(self):
        """There can be several, the latest first."""
        question1 = create_question(question_text="Past question 1.", days=-30)
        question2 = create_question(question_text="Past question 2.", days=-5)
        response = self.client.get(reverse("polls:index"))
        self.assertQuerySetEqual(response.context["latest_question_list"], [question2, question1])


class QuestionDetailViewTests(TestCase):
    def test_future_question(self):
        """A question of the future is not found."""
        future_question = create_question(question_text="Future question.", days=5)
        url = reverse("polls:detail", args=(future_question.id,))
        response = self.client.get(url)
        self.assertEqual(response.status_code, 404)

    def test_past_question(self):
        """A question of the past shows its text."""
        past_question = create_question(question_text="Past Question.", days=-5)
        url = reverse("polls:detail", args=(past_question.id,))
        response = self.client.get(url)
        self.assertContains(response, past_question.question_text)


class VoteTests(TestCase):
    def test_vote_counts(self):
        """A vote is counted and leads to the results."""
        question = create_question(question_text="Tea or coffee?", days=-1)
        choice = Choice.objects.create(question=question, choice_text="Tea")
        url = reverse("polls:vote", args=(question.id,))
        response = self.client.post(url, {"choice": choice.id}, follow=True)
        self.assertRedirects(response, reverse("polls:results", args=(question.id,)))
        self.assertContains(response, "Tea -- 1 vote")

    def test_no_choice(self):
        """Without a choice, the form comes back with a message."""
        question = create_question(question_text="Tea or coffee?", days=-1)
        response = self.client.post(reverse("polls:vote", args=(question.id,)))
        self.assertContains(response, "You didn&#x27;t select a choice.")


class AdminTests(TestCase):
    def test_a_question_with_its_choices(self):
        """A question and its choices are made on one page."""
        User.objects.create_superuser("admin", password="secret")
        self.client.login(username="admin", password="secret")
        data = {
            "question_text": "Past",
            "pub_date_0": "2026-01-02",
            "pub_date_1": "12:00:00",
            "choice_set-TOTAL_FORMS": "1",
            "choice_set-INITIAL_FORMS": "0",
            "choice_set-0-choice_text": "Yes",
            "choice_set-0-votes": "0",
        }
        response = self.client.post(reverse("admin:polls_question_add"), data, follow=True)
        self.assertContains(response, "was added successfully")
        question = Question.objects.get()
        self.assertEqual([str(choice) for choice in question.choice_set.all()], ["Yes"])
        response = self.client.get(reverse("admin:polls_question_changelist"), {"q": "past"})
        self.assertContains(response, "Published recently?")
        self.assertContains(response, "1 question")
