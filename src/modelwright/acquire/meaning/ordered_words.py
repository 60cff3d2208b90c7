"""Words that have an order of their own, from the lowest to the highest."""

from __future__ import annotations

__all__ = ["SCALES"]

# One paragraph a scale: "<" is between ranks, "/" between words of one rank.
_TABLE = """
normal/none/no < mild/slight < moderate < moderately severe < severe < profound

none/no/nil/absent < minimal/trace/negligible < very low/very mild/very slight < low/mild/
slight/light/minor/small < low to moderate < mild to moderate < medium/moderate/mid/
intermediate/average/normal/med/some/middle < moderate to severe/moderately severe < high/
severe/heavy/major/serious/strong/large/big < very high/very severe/very heavy/very strong/
critical/extreme/catastrophic/fatal

lowest < lower < below average < average/middle/mid < above average < higher < highest

never/not at all/none/none of the time/non < almost never/hardly ever < very rarely < rarely/
seldom/a little of the time < occasionally/now and then/once in a while < sometimes/some of the
time/about half the time/half of the time < frequently/regularly < often/most of the time <
usually/very often/very frequently/more than half the time < almost always/nearly always/nearly
every day < always/all of the time/every time

never/none/not at all < once/one time < twice/two times < three times/thrice < four times < five
times < more than five times/six times < many times

never < once < less than once a year/once a year or less < once a year/yearly/annually < a few
times a year/several times a year < quarterly < once a month or less/less than once a month/less
than monthly < once a month/monthly/about once a month < a few times a month/2 3 times a month/
several times a month < biweekly/every other week < once a week/weekly/about once a week < a few
times a week/several times a week/2 3 times a week < almost daily/nearly every day/most days <
daily/every day/once a day < several times a day/more than once a day/a few times a day

terrible/awful/worst < very poor/very bad < poor/bad/unacceptable < below average < fair/
marginal/so so/mediocre < average/okay/ok/normal/typical/acceptable/satisfactory/adequate/
neutral < above average < good < very good/great < excellent/best < outstanding/superb/
exceptional

worst < bad < good < better < best

strongly disagree/totally disagree/completely disagree < disagree/mostly disagree/moderately
disagree < somewhat disagree/slightly disagree/tend to disagree < neutral/neither agree nor
disagree/neither/neither agree or disagree/undecided/unsure < somewhat agree/slightly agree/tend
to agree < agree/mostly agree/moderately agree < strongly agree/totally agree/completely agree

very dissatisfied/extremely dissatisfied < dissatisfied/unsatisfied < somewhat dissatisfied <
neutral/neither satisfied nor dissatisfied/neither < somewhat satisfied < satisfied < very
satisfied/extremely satisfied

very unlikely/extremely unlikely < unlikely < somewhat unlikely < neutral/neither/unsure/not
sure < somewhat likely < likely < very likely/extremely likely

not at all important/not important/unimportant < slightly important/a little important/not very
important < somewhat important < moderately important/fairly important < important < very
important < extremely important/essential

not at all/no/not < a little/a little bit/slightly/barely/not very/not so < somewhat/partly <
moderately/fairly < quite a bit/quite < a lot/much/mostly < very/very much/highly < extremely/
completely

no opinion < not at all familiar < slightly familiar/not very familiar < somewhat familiar <
moderately familiar < very familiar < extremely familiar

much worse < worse < slightly worse/somewhat worse < same/the same/about the same/no change <
slightly better/somewhat better < better < much better

much less < less < slightly less < same/the same/about the same < slightly more < more < much
more

decreased/down/decrease < stable/steady/no change/unchanged/same/stayed same/remained same/no <
increased/up/increase

very small < small/short < medium/mid/compact/midsize/intermediate < large/tall/big/long < very
large/extra large/huge

xxxs < xxs < xs/extra small/x small < s/small < m/medium < l/large < xl/extra large/x large <
xxl/2xl/xx large < xxxl/3xl < 4xl

very slow < slow < medium/moderate/normal < fast < very fast

very cold < cold/freezing < cool/chilly < mild/temperate < warm < hot < very hot

beginner/novice/entry/basic/elementary < intermediate/medium < upper intermediate < advanced/
experienced < expert/proficient/professional/master

intern/trainee < junior/entry level < mid/middle/mid level/intermediate < senior < lead/
principal/staff < manager < director < executive

easy/very easy < medium/moderate/normal < hard/difficult < very hard/very difficult/expert

iron < bronze/basic < silver/standard < gold/premium < platinum < diamond

economy/third/third class/3rd/3rd class < premium economy < business/second/second class/2nd/2nd
class < first/first class/1st/1st class

freshman/freshmen/first year < sophomore/second year < junior/third year < senior/fourth year <
graduate/graduate student/grad

no schooling/none/no education/illiterate < preschool/kindergarten < some primary < primary/
elementary/primary school/elementary school/basic < 1st 4th < 5th 6th < 7th 8th < middle school/
lower secondary/lower secondary school/junior high < 9th < 10th < 11th < 12th < less than high
school/less than high school degree/some high school/no hs/<hs/below high school/less than high
school diploma/less than hs/lt high school < high school/hs grad/high school degree/high school
graduate/secondary/secondary school/hs/upper secondary/secondary/high school diploma/ged/high
school diploma ged/high school diploma or ged/below college < vocational/professional course/
trade school/trade school degree/technical < some college/some college no degree/some college or
associate degree/junior college/some university < associate/associate degree/associate's degree/
associate's/college < bachelor/bachelors/bachelor's/bachelor degree/bachelor's degree/
undergraduate/university/university degree/college degree/higher education/tertiary/graduate <
master/masters/master's/master degree/master's degree/graduate degree/postgraduate/graduate
school/post graduate/advanced degree < professional school/professional degree/professional <
doctorate/phd/doctor/doctoral degree/ph.d./doctorate post graduate

g < pg < pg-13 < r < nc-17

tv-y < tv-y7 < tv-g < tv-pg < tv-14 < tv-ma

least developed < developing < developed

no/none/not/not a/non/unemployed < part time/parttime < full time/fulltime

clear/no cloud/no clouds/sunny/clear sky < few clouds/mostly clear/mostly sunny < partly cloudy/
some cloud/some clouds/scattered clouds < mostly cloudy/broken clouds < overcast/cloudy

become sooner/sooner/earlier < no change/same/same time/on time < become later/later

child/infant/baby/newborn < juvenile/adolescent/teen/teenager/young/subadult < young adult/youth
< adult/middle aged < senior/old/elderly

underweight/insufficient weight < normal/normal weight/healthy weight/healthy < overweight/
overweight level i/pre obese < overweight level ii < obese/obesity/obesity type i/obese class i
< obesity type ii/obese class ii < obesity type iii/severely obese/extremely obese/morbidly
obese

low income < lower middle income < middle income < upper middle income < high income

lower class/lower/working class < lower middle class/lower middle < middle class/middle < upper
middle class/upper middle < upper class/upper

extremely left/far left/very liberal/extremely liberal < left/liberal < slightly liberal/center
left/somewhat liberal < center/moderate/centre/independent < slightly conservative/center right/
somewhat conservative < right/conservative < far right/very conservative/extremely conservative

very unhappy/not too happy/unhappy < neutral < pretty happy/happy/quite happy < very happy

very unsafe < unsafe < neutral < safe < very safe

very negative < negative < neutral < positive < very positive

rural < small town < suburban/semiurban/semi urban/town < urban/city

substantially below < below/under < at/meets/met/on target/average < above/exceeds/over < far
above

fail/failed/f < pass/passed < merit/credit < distinction < high distinction

first/one/1st < second/two/2nd < third/three/3rd < fourth/four/4th < fifth/five/5th < sixth/six/
6th < seventh/seven/7th < eighth/eight/8th < ninth/nine/9th < tenth/ten/10th

dawn < early morning < morning/am < noon/midday < afternoon/pm < evening/dusk < night < late
night < midnight

january/jan < february/feb < march/mar < april/apr < may < june/jun < july/jul < august/aug <
september/sep/sept < october/oct < november/nov < december/dec

monday/mon < tuesday/tue/tues < wednesday/wed < thursday/thu/thurs < friday/fri < saturday/
sat < sunday/sun

q1 < q2 < q3 < q4

i < ii < iii < iv < v < vi < vii < viii < ix < x

a+ < a < a- < b+ < b < b- < c+ < c < c- < d+ < d < d- < e < f

aaa < aa+ < aa < aa- < a+ < a < a- < bbb+ < bbb < bbb- < bb+ < bb < bb- < b+ < b < b- < ccc+ <
ccc < ccc- < cc < c < d

false < mixed/half true < mostly true < true

no < mild/slight < moderate < severe

green < yellow/amber < orange < red
"""


def _scale(paragraph: str) -> tuple[tuple[str, ...], ...]:
    ranks = paragraph.replace("\n", " ").split(" < ")
    return tuple(tuple(word.strip() for word in rank.split("/")) for rank in ranks)


SCALES: tuple[tuple[tuple[str, ...], ...], ...] = tuple(
    _scale(paragraph) for paragraph in _TABLE.strip().split("\n\n")
)
