home-title = Megurumi: raising children together
hero-title = Thank-yous that go around.
hero-words = How the family down the road did it: feeding, playing, growing up.
home-older-title = Earlier posts
home-newest = New from your neighbours
home-empty = Nothing here yet. Yours could be the first.
home-empty-action = Share something
kinds-label = Kinds
regions-label = Regions
list-region = From { $name }
list-tag = Tagged “{ $name }”
list-person = Shared by { $name }
person-since = Here since { $date }
list-empty = Nothing has been shared here yet.
list-empty-action = See what is new
older = Show older posts
older-label = More
card-by = { $name }
card-video = Video
thanks-count = { $n ->
        [one] { $n } thank-you
       *[other] { $n } thank-yous
    }
list-posts = Posts
