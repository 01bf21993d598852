review-title = Waiting for review
review-item-title = Review: { $title }
review-waiting = { $n } waiting
review-oldest = Oldest
review-today = { $n } decided today
review-log = Decision log
review-log-empty = No decisions yet.
review-empty = Nothing is waiting. Thank you for your work.
review-preparing = Being prepared
review-preparing-words = These join the list above once their video and photos are ready. You can watch what is there already.
review-preparing-title = “{ $title }” (being prepared)
review-preparing-item = Still being prepared
review-preparing-item-words = Once its video and photos are ready it joins the list of what waits. Decide then.
review-preparing-nothing = The video cannot be watched yet. Please open this page again a little later.
review-more = Show more
review-first = First post
review-edit = Edit of a published post
review-photos = { $n ->
        [one] { $n } photo
       *[other] { $n } photos
    }
review-next = Next
review-revision = Revision { $n }
review-waited = waiting
waited-minutes = { $n } min
waited-hours = { $n } h
waited-days = { $n ->
        [one] { $n } day
       *[other] { $n } days
    }
review-sheet = Contact sheet
review-frame = Play from { $time }
review-body = Text
review-published = What is published now
review-decide = Decision
review-reason = Reason to ask for changes or decline
review-note = A word to the author
review-note-hint = They receive it together with the reason.
review-history = The author
review-tally-published = Published
review-tally-changes = Changes
review-tally-rejected = Declined
review-this-post = This post so far
review-other-posts = Other posts
review-stale = Someone else decided first
review-stale-words = { $name }'s decision is on the record. Yours was not applied.
error-reason = Please choose a reason.
error-note-long = Please keep the note within { $n } characters.
review-decided = Already decided
review-withdrawn = The author took it back
review-withdrawn-words = No decision is needed any more.
review-own = This is your own post
review-own-words = Someone else will review it.
review-changed = This has changed since you opened it
review-changed-words = Your action was not applied. Please look again and decide; your note is kept below.
review-your-note = Your note
review-rewriting = The author is rewriting this. Its content is hidden until it is sent again.
review-rewriting-title = (being rewritten)
error-decision = Please choose what to do with one of the buttons.
