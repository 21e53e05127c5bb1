<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en">
  <context>
    <name>Actions</name>
    <message numerus="yes">
      <source>add %Ln conversation(s)</source>
      <translation>
        <numerusform>add %Ln conversation</numerusform>
        <numerusform>add %Ln conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>delete %Ln conversation(s)</source>
      <translation>
        <numerusform>delete %Ln conversation</numerusform>
        <numerusform>delete %Ln conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>import %Ln conversation(s)</source>
      <translation>
        <numerusform>import %Ln conversation</numerusform>
        <numerusform>import %Ln conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>change what %Ln conversation(s) are used for</source>
      <translation>
        <numerusform>change what %Ln conversation is used for</numerusform>
        <numerusform>change what %Ln conversations are used for</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>fix %Ln conversation(s)</source>
      <translation>
        <numerusform>fix %Ln conversation</numerusform>
        <numerusform>fix %Ln conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>bring back %Ln conversation(s)</source>
      <translation>
        <numerusform>bring back %Ln conversation</numerusform>
        <numerusform>bring back %Ln conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>tag %Ln conversation(s)</source>
      <translation>
        <numerusform>tag %Ln conversation</numerusform>
        <numerusform>tag %Ln conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>rate %Ln conversation(s)</source>
      <translation>
        <numerusform>rate %Ln conversation</numerusform>
        <numerusform>rate %Ln conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>accept advice on %Ln conversation(s)</source>
      <translation>
        <numerusform>accept advice on %Ln conversation</numerusform>
        <numerusform>accept advice on %Ln conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>mask personal data in %Ln conversation(s)</source>
      <translation>
        <numerusform>mask personal data in %Ln conversation</numerusform>
        <numerusform>mask personal data in %Ln conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>replace in %Ln conversation(s)</source>
      <translation>
        <numerusform>replace in %Ln conversation</numerusform>
        <numerusform>replace in %Ln conversations</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ChatList</name>
    <message numerus="yes">
      <source>%Ln repl(ies|y)</source>
      <translation>
        <numerusform>%Ln reply</numerusform>
        <numerusform>%Ln replies</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ConversationDelegate</name>
    <message numerus="yes">
      <source>%Ln message(s)</source>
      <translation>
        <numerusform>%Ln message</numerusform>
        <numerusform>%Ln messages</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%Ln token(s)</source>
      <translation>
        <numerusform>%Ln token</numerusform>
        <numerusform>%Ln tokens</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n problem(s)</source>
      <translation>
        <numerusform>%n problem</numerusform>
        <numerusform>%n problems</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ConversationEditor</name>
    <message numerus="yes">
      <source>%Ln more message(s) are kept but not shown.</source>
      <translation>
        <numerusform>%Ln more message is kept but not shown.</numerusform>
        <numerusform>%Ln more messages are kept but not shown.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%Ln tool(s)…</source>
      <translation>
        <numerusform>%Ln tool…</numerusform>
        <numerusform>%Ln tools…</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>DetailsPanel</name>
    <message numerus="yes">
      <source>%Ln conversation(s)</source>
      <translation>
        <numerusform>%Ln conversation</numerusform>
        <numerusform>%Ln conversations</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>EnginePane</name>
    <message numerus="yes">
      <source>Models here: {names}, and %Ln tuned one(s)</source>
      <translation>
        <numerusform>Models here: {names}, and %Ln tuned one</numerusform>
        <numerusform>Models here: {names}, and %Ln tuned ones</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ExamplesPage</name>
    <message numerus="yes">
      <source>%Ln conversation(s) moved to the bin.</source>
      <translation>
        <numerusform>%Ln conversation moved to the bin.</numerusform>
        <numerusform>%Ln conversations moved to the bin.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ExchangeStrip</name>
    <message numerus="yes">
      <source>%1: %Ln conversation(s)</source>
      <translation>
        <numerusform>%1: %Ln conversation</numerusform>
        <numerusform>%1: %Ln conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>, %Ln a second</source>
      <translation>
        <numerusform>, %Ln a second</numerusform>
        <numerusform>, %Ln a second</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>about %n second(s) left</source>
      <translation>
        <numerusform>about %n second left</numerusform>
        <numerusform>about %n seconds left</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>about %n minute(s) left</source>
      <translation>
        <numerusform>about %n minute left</numerusform>
        <numerusform>about %n minutes left</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%1: %Ln row(s) could not be read</source>
      <translation>
        <numerusform>%1: %Ln row could not be read</numerusform>
        <numerusform>%1: %Ln rows could not be read</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ExportDialog</name>
    <message numerus="yes">
      <source>%Ln conversation(s) for training (%1)</source>
      <translation>
        <numerusform>%Ln conversation for training (%1)</numerusform>
        <numerusform>%Ln conversations for training (%1)</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>, %Ln for the test (%1)</source>
      <translation>
        <numerusform>, %Ln for the test (%1)</numerusform>
        <numerusform>, %Ln for the test (%1)</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%1 asks for %Ln or more conversations for training.</source>
      <translation>
        <numerusform>%1 asks for %Ln or more conversations for training.</numerusform>
        <numerusform>%1 asks for %Ln or more conversations for training.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%1 would refuse %Ln of the conversations:</source>
      <translation>
        <numerusform>%1 would refuse %Ln of the conversations:</numerusform>
        <numerusform>%1 would refuse %Ln of the conversations:</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Leave %Ln out of the files</source>
      <translation>
        <numerusform>Leave %Ln out of the files</numerusform>
        <numerusform>Leave %Ln out of the files</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ExportFlow</name>
    <message numerus="yes">
      <source>%Ln conversation(s) written to %1</source>
      <translation>
        <numerusform>%Ln conversation written to %1</numerusform>
        <numerusform>%Ln conversations written to %1</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>, %Ln for the test to %1</source>
      <translation>
        <numerusform>, %Ln for the test to %1</numerusform>
        <numerusform>, %Ln for the test to %1</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>A PDF has room for no more; %Ln are not in it. </source>
      <translation>
        <numerusform>A PDF has room for no more; %Ln is not in it. </numerusform>
        <numerusform>A PDF has room for no more; %Ln are not in it. </numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%Ln that the service would refuse were left out.</source>
      <translation>
        <numerusform>%Ln that the service would refuse was left out.</numerusform>
        <numerusform>%Ln that the service would refuse were left out.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>FacetButton</name>
    <message numerus="yes">
      <source>All %Ln…</source>
      <translation>
        <numerusform>All %Ln…</numerusform>
        <numerusform>All %Ln…</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>FindReplaceDialog</name>
    <message numerus="yes">
      <source>Replaced in %Ln conversation(s).</source>
      <translation>
        <numerusform>Replaced in %Ln conversation.</numerusform>
        <numerusform>Replaced in %Ln conversations.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Found %Ln time(s)</source>
      <translation>
        <numerusform>Found %Ln time</numerusform>
        <numerusform>Found %Ln times</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source> in %Ln conversation(s).</source>
      <translation>
        <numerusform> in %Ln conversation.</numerusform>
        <numerusform> in %Ln conversations.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%Ln more place(s) are not listed.</source>
      <translation>
        <numerusform>%Ln more place is not listed.</numerusform>
        <numerusform>%Ln more places are not listed.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ImportReportDialog</name>
    <message numerus="yes">
      <source>Mend all (%Ln)</source>
      <translation>
        <numerusform>Mend all (%Ln)</numerusform>
        <numerusform>Mend all (%Ln)</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%Ln row(s) of %1 could not be read.</source>
      <translation>
        <numerusform>%Ln row of %1 could not be read.</numerusform>
        <numerusform>%Ln rows of %1 could not be read.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>For %Ln row(s) a mend is evident.</source>
      <translation>
        <numerusform>For %Ln row a mend is evident.</numerusform>
        <numerusform>For %Ln rows a mend is evident.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>The first %Ln are listed.</source>
      <translation>
        <numerusform>The first %Ln is listed.</numerusform>
        <numerusform>The first %Ln are listed.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Import %Ln conversation(s)</source>
      <translation>
        <numerusform>Import %Ln conversation</numerusform>
        <numerusform>Import %Ln conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Import the rest (%Ln)</source>
      <translation>
        <numerusform>Import the rest (%Ln)</numerusform>
        <numerusform>Import the rest (%Ln)</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%Ln row(s) will be left out.</source>
      <translation>
        <numerusform>%Ln row will be left out.</numerusform>
        <numerusform>%Ln rows will be left out.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ImportTexts</name>
    <message numerus="yes">
      <source>%Ln conversation(s) imported from %1.</source>
      <translation>
        <numerusform>%Ln conversation imported from %1.</numerusform>
        <numerusform>%Ln conversations imported from %1.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%Ln of them were mended.</source>
      <translation>
        <numerusform>%Ln of it was mended.</numerusform>
        <numerusform>%Ln of them were mended.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%Ln row(s) were left out.</source>
      <translation>
        <numerusform>%Ln row was left out.</numerusform>
        <numerusform>%Ln rows were left out.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>JobForm</name>
    <message numerus="yes">
      <source>Measure on %Ln held-out test conversation(s) while training</source>
      <translation>
        <numerusform>Measure on %Ln held-out test conversation while training</numerusform>
        <numerusform>Measure on %Ln held-out test conversations while training</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ListPanel</name>
    <message numerus="yes">
      <source>Search %Ln conversation(s)</source>
      <translation>
        <numerusform>Search %Ln conversation</numerusform>
        <numerusform>Search %Ln conversations</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ListTools</name>
    <message numerus="yes">
      <source>%Ln found so far…</source>
      <translation>
        <numerusform>%Ln found so far…</numerusform>
        <numerusform>%Ln found so far…</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%Ln found</source>
      <translation>
        <numerusform>%Ln found</numerusform>
        <numerusform>%Ln found</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>LossCard</name>
    <message numerus="yes">
      <source>Training loss went from {first} to {last} in %Ln step(s).</source>
      <translation>
        <numerusform>Training loss went from {first} to {last} in %Ln step.</numerusform>
        <numerusform>Training loss went from {first} to {last} in %Ln steps.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>MainWindow</name>
    <message numerus="yes">
      <source>%Ln conversation(s)</source>
      <translation>
        <numerusform>%Ln conversation</numerusform>
        <numerusform>%Ln conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%Ln conversation(s) with a problem</source>
      <translation>
        <numerusform>%Ln conversation with a problem</numerusform>
        <numerusform>%Ln conversations with a problem</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>MapperDialog</name>
    <message numerus="yes">
      <source>%Ln row(s)</source>
      <translation>
        <numerusform>%Ln row</numerusform>
        <numerusform>%Ln rows</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>more than %Ln row(s)</source>
      <translation>
        <numerusform>more than %Ln row</numerusform>
        <numerusform>more than %Ln rows</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Marking</name>
    <message numerus="yes">
      <source>Changing %Ln conversation(s)</source>
      <translation>
        <numerusform>Changing %Ln conversation</numerusform>
        <numerusform>Changing %Ln conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Moving %Ln conversation(s) to the bin</source>
      <translation>
        <numerusform>Moving %Ln conversation to the bin</numerusform>
        <numerusform>Moving %Ln conversations to the bin</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Restoring %Ln conversation(s)</source>
      <translation>
        <numerusform>Restoring %Ln conversation</numerusform>
        <numerusform>Restoring %Ln conversations</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>MessageCard</name>
    <message numerus="yes">
      <source>%Ln token(s)</source>
      <translation>
        <numerusform>%Ln token</numerusform>
        <numerusform>%Ln tokens</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>PreviewCards</name>
    <message numerus="yes">
      <source>%Ln more message(s)</source>
      <translation>
        <numerusform>%Ln more message</numerusform>
        <numerusform>%Ln more messages</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Program</name>
    <message numerus="yes">
      <source>%n running</source>
      <translation>
        <numerusform>%n running</numerusform>
        <numerusform>%n running</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ReplyCard</name>
    <message numerus="yes">
      <source>%Ln token(s)</source>
      <translation>
        <numerusform>%Ln token</numerusform>
        <numerusform>%Ln tokens</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>RunBar</name>
    <message numerus="yes">
      <source>%Ln repl(ies|y) failed and are left out of the figures. Go on asks for them again.</source>
      <translation>
        <numerusform>%Ln reply failed and is left out of the figures. Go on asks for it again.</numerusform>
        <numerusform>%Ln replies failed and are left out of the figures. Go on asks for them again.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ServicePane</name>
    <message numerus="yes">
      <source>It works: the service answered and lists %Ln model(s). Kept.</source>
      <translation>
        <numerusform>It works: the service answered and lists %Ln model. Kept.</numerusform>
        <numerusform>It works: the service answered and lists %Ln models. Kept.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>SetCheckDialog</name>
    <message numerus="yes">
      <source>All %Ln conversation(s) were looked at.</source>
      <translation>
        <numerusform>All %Ln conversation was looked at.</numerusform>
        <numerusform>All %Ln conversations were looked at.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%Ln conversation(s)</source>
      <translation>
        <numerusform>%Ln conversation</numerusform>
        <numerusform>%Ln conversations</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>SetChecks</name>
    <message numerus="yes">
      <source>Masking in %Ln conversation(s)</source>
      <translation>
        <numerusform>Masking in %Ln conversation</numerusform>
        <numerusform>Masking in %Ln conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Mending %Ln conversation(s)</source>
      <translation>
        <numerusform>Mending %Ln conversation</numerusform>
        <numerusform>Mending %Ln conversations</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>SetupBar</name>
    <message numerus="yes">
      <source>%Ln held-out test conversation(s)</source>
      <translation>
        <numerusform>%Ln held-out test conversation</numerusform>
        <numerusform>%Ln held-out test conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{when} · {name} · %Ln conversation(s)</source>
      <translation>
        <numerusform>{when} · {name} · %Ln conversation</numerusform>
        <numerusform>{when} · {name} · %Ln conversations</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>SpeakerList</name>
    <message numerus="yes">
      <source>%Ln message(s)</source>
      <translation>
        <numerusform>%Ln message</numerusform>
        <numerusform>%Ln messages</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>StepLine</name>
    <message numerus="yes">
      <source>About %n second(s) left.</source>
      <translation>
        <numerusform>About %n second left.</numerusform>
        <numerusform>About %n seconds left.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>TagChips</name>
    <message numerus="yes">
      <source>and %Ln more</source>
      <translation>
        <numerusform>and %Ln more</numerusform>
        <numerusform>and %Ln more</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>TagsDialog</name>
    <message numerus="yes">
      <source>The %Ln selected conversation(s)</source>
      <translation>
        <numerusform>The %Ln selected conversation</numerusform>
        <numerusform>The %Ln selected conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>All %Ln conversation(s) in the list</source>
      <translation>
        <numerusform>All %Ln conversation in the list</numerusform>
        <numerusform>All %Ln conversations in the list</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n star(s)</source>
      <translation>
        <numerusform>%n star</numerusform>
        <numerusform>%n stars</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Change %Ln conversation(s)</source>
      <translation>
        <numerusform>Change %Ln conversation</numerusform>
        <numerusform>Change %Ln conversations</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>TrainingCard</name>
    <message numerus="yes">
      <source>{tokens} tokens × %Ln pass(es) · {time}</source>
      <translation>
        <numerusform>{tokens} tokens × %Ln pass · {time}</numerusform>
        <numerusform>{tokens} tokens × %Ln passes · {time}</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{tokens} tokens × %Ln pass(es) × {price} per million</source>
      <translation>
        <numerusform>{tokens} tokens × %Ln pass × {price} per million</numerusform>
        <numerusform>{tokens} tokens × %Ln passes × {price} per million</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>VersionsDialog</name>
    <message numerus="yes">
      <source>%Ln conversation(s)</source>
      <translation>
        <numerusform>%Ln conversation</numerusform>
        <numerusform>%Ln conversations</numerusform>
      </translation>
    </message>
  </context>
</TS>
