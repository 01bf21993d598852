kind-recipe = Eat
kind-activity = Play
kind-tip = Tips
kind-question = Ask
kind-recipe-list = Eat: recipes
kind-activity-list = Play: activities
kind-tip-list = Everyday tips
kind-question-list = Questions
kind-recipe-words = From first spoonfuls to meals for the whole family.
kind-activity-words = Things to do today, with what is at home.
kind-tip-words = Small ways to make the day lighter.
kind-question-words = Write what worries you; neighbours who have been there answer.
state-draft = Draft
state-draft-means = Only you can see it so far.
state-processing = Getting ready
state-processing-means = Once the video and photos are prepared, it goes on to the NPO to be looked over.
state-processing-failed = Something could not be prepared
state-processing-failed-means = Mend what is named below to go on. All you wrote is still there.
state-waiting = Waiting for review
state-waiting-means = Someone at the NPO reads each post in turn. You will usually hear within a day.
state-changes-requested = Please change something
state-changes-requested-means = Mend what is said below and send it again.
state-rejected = Not published
state-rejected-means = We could not publish it this time. The reason is below.
state-published = Published
state-published-means = Everyone can see it.
state-hidden = Hidden for now
state-hidden-means = Someone at the NPO is looking at it again.
state-withdrawn = Withdrawn
state-withdrawn-means = Nobody can see it any more.
reason-personal-information = Personal information
reason-personal-information-fix = Please remove what says who it is: a child's name, a nursery or school, an address, a phone number.
reason-other-children = Other children in the picture
reason-other-children-fix = Please choose photos or a video in which no other child's face can be seen.
reason-allergens = Allergens
reason-allergens-fix = Please add the allergens in what you use, such as egg, milk and wheat.
reason-age-hazard = Dangerous at this age
reason-age-hazard-fix = Please change what is unsafe at this age: honey before one year, hard beans, whole grapes.
reason-medical-claim = Medical claim
reason-medical-claim-fix = Please write what happened to you rather than that something cures or replaces medicine.
reason-advertising = Advertising
reason-advertising-fix = Please remove text and links that sell a shop or product.
reason-copyright = Copyright
reason-copyright-fix = Please use only what you made yourself: no books, television, or other people's photos or music.
reason-abuse = Hurtful words
reason-abuse-fix = Please rewrite what blames a person, shop or nursery.
reason-quality = Cannot be seen well
reason-quality-fix = Please film again in better light, or choose another photo or video.
reason-out-of-region = Outside the region
reason-out-of-region-fix = Please make it about life in this region.
decision-approve = Publish
decision-request-changes = Ask for changes
decision-reject = Decline
age-months = { $n ->
        [one] { $n } month
       *[other] { $n } months
    }
age-years = { $n ->
        [one] { $n } year
       *[other] { $n } years
    }
age-years-half = { $n }½ years
age-and-up = {" "}and up
age-up-to = up to{" "}
age-months-between = { $from }–{ $to } months
date = { $day } { $month } { $year }
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
length-seconds = { $n ->
    [one] { $n } second
   *[other] { $n } seconds
}
length-minutes = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
length-both = { $minutes } min { $seconds } s
size-kilobytes = { $n } KB
size-megabytes = { $n } MB
size-gigabytes = { $n } GB
